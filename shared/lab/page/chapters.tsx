import { useEffect, useRef, useState } from 'preact/hooks'
import type { ChapterCard } from '../state.ts'
import { getJson } from './connection.ts'
import { Steps } from './shapes.tsx'
import { Slides } from './slides.tsx'

/** The chapters and their steps, which turn green as files are saved; each opens its text. */
export function Chapters({ cards }: { cards: ChapterCard[] }) {
  const [open, setOpen] = useState<string>()
  return (
    <footer>
      {cards.map((card) => {
        const core = card.steps.filter(({ spare }) => !spare)
        const green = core.filter(({ state }) => state === 'green').length
        return (
          <button key={card.number} class="card" onClick={() => setOpen(card.number)}>
            <span>
              <b>{card.number}</b>
              <span class="title">{card.title}</span>
              <span class={`count ${card.running ? 'running' : ''}`}>
                {card.running ? '…' : `${green}/${core.length}`}
              </span>
            </span>
            <span class="unseen">steps green; open the chapter’s text</span>
            <Steps steps={card.steps} />
          </button>
        )
      })}
      {open && <Reader number={open} close={() => setOpen(undefined)} />}
    </footer>
  )
}

function Reader({ number, close }: { number: string; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [{ title, html }, setChapter] = useState({ title: '', html: '' })
  const [problem, setProblem] = useState('')
  useEffect(() => {
    dialog.current!.showModal()
    void getJson<{ title: string; html: string }>(`/chapters/${number}`).then(setChapter, ({ message }) =>
      setProblem(message),
    )
  }, [number])
  useEffect(() => dialog.current!.querySelectorAll<HTMLAnchorElement>('article a').forEach(tame), [html])
  return (
    <dialog ref={dialog} class="reader" aria-labelledby="reader-title" onClose={close}>
      <form method="dialog">
        <h2 id="reader-title">
          {number} {title}
        </h2>
        <Slides chapter={number} />
        <button autofocus>Close</button>
      </form>
      {problem && <p role="alert">{problem}</p>}
      {/* The Lab renders it, with nothing in it that runs. */}
      <article tabIndex={0} dangerouslySetInnerHTML={{ __html: html }} />
    </dialog>
  )
}

/** Links that leave the page do so beside it; those to files of the repository lead nowhere here. */
function tame(link: HTMLAnchorElement): void {
  const target = link.getAttribute('href') ?? ''
  if (/^https?:/.test(target)) {
    link.target = '_blank'
    link.rel = 'noopener noreferrer'
  } else if (!target.startsWith('#')) link.removeAttribute('href')
}
