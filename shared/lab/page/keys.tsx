import { useEffect, useRef } from 'preact/hooks'
import type { LabState } from '../state.ts'
import type { Control, Incident } from './connection.ts'

interface Props {
  state: LabState
  incidents: Incident[]
  order: (what: Control) => void
  /** Everything, or the spotlight. */
  show: (whole: boolean) => void
  /** To the next day. */
  turn: () => void
}

/** Keys for whoever stands on a stage; `?` shows them. */
export function Keys({ state, incidents, order, show, turn }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const mine = () => state.spotlight && order({ allMine: state.alone !== undefined })
  const actions: [key: string, name: string, what: string, action: () => void][] = [
    ...incidents.map(({ id, title, key }): [string, string, string, () => void] => [
      key,
      key,
      title,
      () => order({ incident: id }),
    ]),
    ['n', 'n', 'The next day’s chapters, and their digits', turn],
    ['d', 'd', 'The whole dashboard', () => show(true)],
    ['Escape', 'Esc', 'Back to the incident’s number', () => show(false)],
    ['m', 'm', 'The incident with all that is mine, or with its chapter alone', mine],
    ['0', '0', 'Reset to healthy', () => order({ healthy: true })],
    ['r', 'r', 'Rolling restart', () => order({ restart: true })],
    [' ', 'space', 'Pause the traffic, or go on', () => order({ paused: !state.traffic.paused })],
    ['?', '?', 'These keys', () => dialog.current!.showModal()],
  ]
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { key, ctrlKey, metaKey, altKey } = event
      const target = event.target as Element
      const action = actions.find(([wanted]) => wanted === key)
      if (!action || ctrlKey || metaKey || altKey || event.repeat) return
      const open = document.querySelector<HTMLDialogElement>('dialog[open]')
      // Digits belong to whoever types a seed; space to who has come to a button by the keyboard, and not by a click.
      if (target.matches('input[type=number]')) return
      if (key === ' ' && (open || target.matches(':is(button, a, select, input):focus-visible'))) return
      if (key === 'Escape' && open) return
      event.preventDefault()
      open?.close()
      action[3]()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  })
  return (
    <>
      <button aria-label="Keyboard shortcuts" title="Keyboard: ?" onClick={() => dialog.current!.showModal()}>
        ?
      </button>
      <dialog ref={dialog} aria-labelledby="keys-title">
        <form method="dialog">
          <h2 id="keys-title">Keys</h2>
          <button>Close</button>
        </form>
        <dl class="keys">
          {actions.map(([, name, what]) => (
            <div key={name}>
              <dt>
                <kbd>{name}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      </dialog>
    </>
  )
}
