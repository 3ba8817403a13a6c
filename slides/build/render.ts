import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { Marked } from 'marked'
import { codeOf, drawingOf, fillIn, mistakeIn, pictureOf, readRegion } from './content.ts'
import { MAX_COLUMNS, rowsOf } from './excerpt.ts'
import { svgOf } from '../../shared/stage/drawings/svg.ts'
import type { Slide, Source } from './deck.ts'
import { palette } from './palette.ts'

/** What only presenters need, from where `ensureSlides` has put it. */
export const presenters = createRequire(new URL('../../shared/maintainers/slides/package.json', import.meta.url))

interface Token {
  content: string
  color?: string
  fontStyle?: number
}
type Highlight = (code: string, options: { lang: string; theme: string }) => { tokens: Token[][] }

const escape = (text: string) => text.replace(/[&<>"]/g, (char) => `&#${char.codePointAt(0)};`)

const BOLD = 2
const ITALIC = 1
const styled = ({ content, color, fontStyle = 0 }: Token) => {
  // Not as they are, so that the style sheet can take them back where the line is not the one that is spoken of.
  const style = `--colour:${color}${fontStyle & BOLD ? ';--weight:700' : ''}${fontStyle & ITALIC ? ';font-style:italic' : ''}`
  return `<span style="${style}">${escape(content)}</span>`
}

/** What the style sheet needs to make code as large as there is room for. */
const sizeOf = (lines: string[]) => {
  const columns = Math.min(MAX_COLUMNS, Math.max(...lines.map((line) => line.length)))
  return `--columns:${columns};--rows:${rowsOf(lines)}`
}

const lineOf = (text: string, classes: string, html: string) =>
  `<span class="line${classes}" style="--indent:${Math.max(0, text.search(/\S/))}ch">${html}\n</span>`

/** Of a strip: when, the picture, what is said. The first one is there from the beginning. */
const PANEL = /<li>(<strong>.*?<\/strong>) (<figure[\s\S]*?<\/figure>) (.*?)<\/li>/g

/** A paragraph for each step: who speaks looks for the step, and has no time to look for it. */
const byStep = (notes: string) => notes.replace(/\s*\b(Step\s\d:|Steps \d to \d:)/g, '\n\n**$1**')

/** Renders a deck's slides to HTML; the code in it is highlighted now, and not in front of the room. */
export async function createRenderer(source: Source): Promise<(slide: Slide) => string> {
  const { createHighlighter } = presenters('shiki')
  const highlighter = await createHighlighter({ themes: [palette], langs: ['typescript', 'yaml', 'json', 'docker'] })
  const highlight = highlighter.codeToTokens as Highlight

  function region(head: string, body: string, isRiddle: boolean): string {
    const wanted = readRegion(head, body)
    const { lines, steps } = codeOf(wanted, source)
    const lang = { yaml: 'yaml', json: 'json', Dockerfile: 'docker' }[/[^./]+$/.exec(wanted.file)![0]] ?? 'typescript'
    const { tokens } = highlight(lines.join('\n'), { lang, theme: palette.name })
    // The line of a riddle is still lit while its test is told.
    const shown = isRiddle ? [...steps, steps.at(-1)!] : steps
    const rows = tokens.map((row, line) => {
      const on = shown.flatMap((some, step) => (some.includes(line) ? [` on-${step + 1}`] : []))
      return lineOf(lines[line]!, on.join(''), row.map(styled).join(''))
    })
    // Reveal.js steps through what it calls fragments; the style sheet dims the lines that are not in the current one.
    const at = (step: number) => (isRiddle ? ` data-fragment-index="${step}"` : '')
    const marks = shown.map((_, step) => `<i class="fragment mark step-${step + 1}"${at(step)}></i>`)
    const kind = wanted.file.includes('/mistakes/')
      ? 'mistake'
      : wanted.file.startsWith('exercises/')
        ? 'naive'
        : 'ours'
    // The chapter stands below the slide, and the name of a mistake's file would give it away.
    const file = wanted.file.replace(/^(exercises|solutions)\/[^/]+\//, '')
    const name = isRiddle ? wanted.symbol! : `${file}${wanted.symbol ? ` · ${wanted.symbol}` : ''}`
    return (
      `<figure class="region ${kind}" style="${sizeOf(lines)}" data-file="${wanted.file}">` +
      `<figcaption>${escape(name)}</figcaption>${marks.join('')}<pre><code>${rows.join('')}</code></pre></figure>` +
      (isRiddle ? answer(wanted.file, at(steps.length)) : '')
    )
  }

  function answer(file: string, at: string): string {
    const { mistake, killedBy } = mistakeIn(file, source)
    return `<div class="answer fragment"${at}><p>${escape(mistake).replace(/`([^`]+)`/g, '<code>$1</code>')}</p><p>✕ <code>${escape(killedBy)}</code></p></div>`
  }

  function terminal(text: string): string {
    const lines = text.split('\n')
    const rows = lines.map((line) => {
      const [, typed, remark] = /^(\$ .*?)(\s+# .*)?$/.exec(line) ?? []
      const html = typed ? `<b>${escape(typed)}</b><i>${escape(remark ?? '')}</i>` : escape(line)
      return lineOf(line, '', html)
    })
    return `<figure class="terminal" style="${sizeOf(lines)}"><pre>${rows.join('')}</pre></figure>`
  }

  // Of the slide that is being rendered.
  let isRiddle = false
  const marked = new Marked({ async: false })
  marked.use({
    renderer: {
      code({ lang = '', text }) {
        const [kind, ...head] = lang.split(' ')
        return kind === 'region' ? region(head.join(' '), text, isRiddle) : terminal(text)
      },
      image({ href, text }) {
        const drawing = drawingOf(href)
        if (drawing)
          return `<figure class="drawing" role="img" aria-label="${escape(text || drawing.alt)}">${svgOf(drawing)}</figure>`
        const file = pictureOf(href, source)
        // Served from there; the page puts the Lab over it, if that runs.
        if (href.startsWith('lab:'))
          return `<figure class="live" data-from="./lab.json" data-title="The Lab"><img src="/${basename(file)}" alt="${escape(text)}"></figure>`
        const svg = readFileSync(join(source.root, file), 'utf8').replace(/<\?xml.*?\?>|<!--[\s\S]*?-->/g, '')
        const kind = href.startsWith('bench:') ? 'picture plot' : 'picture'
        return `<figure class="${kind}" role="img" aria-label="${escape(text)}">${svg}</figure>`
      },
    },
  })

  return (slide) => {
    const { id, chapter, title, classes, notes, minutes, workMinutes, spareMinutes, mayBeCut } = slide
    isRiddle = classes.includes('riddle')
    const number = chapter && classes.includes('cover') ? `<p class="number">${chapter.number}</p>` : ''
    const heading = marked.parseInline(fillIn(title, slide, source))
    // A picture is a paragraph to Markdown, but a figure cannot be in one: the browser would make three of it.
    const body = (marked.parse(fillIn(slide.body, slide, source)) as string).replace(
      /<p>(<figure[\s\S]*?<\/figure>)<\/p>/g,
      '$1',
    )
    const stepped = classes.includes('one-by-one')
      ? body.replaceAll('<li>', '<li class="fragment">')
      : classes.includes('strip')
        ? body.replace(PANEL, '<li class="fragment">$2<p class="said">$1 $3</p></li>').replace(' class="fragment"', '')
        : body
    const spoken = `${mayBeCut ? '**Cut if late.**\n\n' : ''}${byStep(fillIn(notes, slide, source))}`
    const board = classes.includes('turn')
      ? `<div class="live board" data-from="./room.json" data-title="The room"></div>`
      : ''
    const rank = classes.includes('cover') ? 'h1' : 'h2'
    return `<section id="${id}" class="${classes.join(' ')}" data-day="${chapter?.day ?? ''}" data-chapter="${chapter?.number ?? ''}" data-timing="${Math.round(60 * (minutes + workMinutes + spareMinutes))}">
${number}<${rank}>${heading}</${rank}>
<div class="body">
${stepped}
</div>
${board}
<footer><span>${chapter ? `${chapter.number} ${chapter.title}` : ''}</span><span>${id}</span></footer>
<aside class="notes">${marked.parse(spoken)}</aside>
</section>`
  }
}
