import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Chapter, chapters as manifest, folderOf, minutesOf } from '../../shared/manifest/chapters.ts'
import { type Beside, besides, chaptersOf, type Edition } from './plan.ts'
import type { Findings } from '../../shared/manifest/findings.ts'
import { root as repository } from '../../shared/manifest/target.ts'
import { checkContent } from './content.ts'
import { holdsLab } from './lab.ts'
import { asTheyAre, type Read } from './sources.ts'

/** Where a deck is read from. */
export interface Source {
  root: string
  chapters: Chapter[]
  read: Read
  /** What is played of it; all, if it is none's. */
  edition?: Edition
}

export const ours: Source = { root: repository, chapters: manifest, read: asTheyAre(repository) }

/** An edition's own deck: its chapters, in its order. */
export const playing = (edition: Edition, source: Source): Source => ({
  ...source,
  edition,
  chapters: chaptersOf(edition),
})

export interface Slide {
  /** Its address in the deck, and its number for whoever speaks of it: `01-3`. */
  id: string
  file: string
  /** None in the opening and in the closing. */
  chapter: Chapter | undefined
  title: string
  /** How it is laid out: `## Title {.big}`. */
  classes: string[]
  /** Markdown, without the heading. */
  body: string
  notes: string
  /** To talk. */
  minutes: number
  /** For the room to work, after the talk. */
  workMinutes: number
  /** For questions: what the run sheet has and the slides do not fill. */
  spareMinutes: number
  /** Shown where the chapter is a demo, too. */
  inDemo: boolean
  mayBeCut: boolean
}

const NOTE = /^Note:(?: (\d+(?:\.\d+)?) min(, in the demo)?(, cut if late)?$)?/m

/** A slide's address in the deck; a chapter's first one is its cover. */
export const idOf = (part: string, index: number): string => `${part}-${index + 1}`

/** A part's slides as they stand in its file: `---` between two of them, `Note:` between a slide and what to say. */
function readPart(file: string, { read }: Source, findings: Findings, chapter?: Chapter): Slide[] {
  const prefix = chapter?.number ?? file.replace(/^.*\/|\.md$/g, '')
  const parts = read(file).split(/^---\n/m)
  return parts.map((text, index): Slide => {
    const isCover = chapter !== undefined && index === 0
    const [face = '', ...rest] = text.split(/^(?=Note:)/m)
    const spoken = rest.join('')
    const [, minutes, demo, cut] = NOTE.exec(spoken) ?? []
    const [, heading, classes] = /^##? (.+?)(?: \{\.([\w .-]+)\})?$/m.exec(face) ?? []
    const title = isCover ? chapter.title : (heading ?? '')
    const notes = spoken.replace(/^.*\n?/, '').trim()
    const say = (ok: boolean, fix: string) => findings.check(ok, file, `slide ${index + 1} ("${title}") ${fix}`)

    say(title !== '', 'has no heading: begin it with "## …"')
    say(!isCover || !heading, 'is the cover: its heading comes from the manifest, so leave out yours')
    say(spoken !== '', 'has no notes: end it with "Note: 2 min" and, below, what to say')
    say(
      spoken === '' || minutes !== undefined,
      'has notes without minutes: "Note: 2 min", or "Note: 2 min, in the demo, cut if late"',
    )
    say(spoken === '' || notes !== '', 'has notes that say nothing')
    const workMinutes = chapter && face.includes('{{steps}}') ? minutesOf(chapter) : 0
    return {
      id: idOf(prefix, index),
      file,
      chapter,
      title,
      classes: [
        ...(isCover ? ['cover'] : []),
        ...(workMinutes > 0 ? ['turn'] : []),
        ...(holdsLab(face) ? ['lab'] : []),
        ...(classes?.split(/[ .]+/) ?? []),
      ],
      body: face.replace(/^##? .*$/m, '').trim(),
      notes,
      minutes: Number(minutes ?? 0),
      workMinutes,
      spareMinutes: 0,
      inDemo: demo !== undefined,
      mayBeCut: cut !== undefined,
    }
  })
}

export const fileOf = (chapter: Chapter): string => `slides/chapters/${folderOf(chapter)}.md`

/** All slides, in the manifest's order; what is wrong with them, or is missing, is among the findings. */
export function readDeck(source: Source, findings: Findings): Slide[] {
  const written = source.chapters.filter((chapter) =>
    findings.check(
      existsSync(join(source.root, fileOf(chapter))),
      fileOf(chapter),
      'does not exist, and the manifest has its chapter: begin it with a line for the cover, and "Note: 1 min" below',
    ),
  )
  const beside = (names: readonly Beside[]) => names.flatMap((name) => readPart(`slides/${name}.md`, source, findings))
  const [opening, ...rest] = besides
  const slides = [
    ...beside([opening]),
    ...written.flatMap((chapter) => readPart(fileOf(chapter), source, findings, chapter)),
    ...beside(rest),
  ]
  for (const slide of slides) checkContent(slide, source, findings)
  for (const chapter of written) {
    const turns = slides.filter((slide) => slide.chapter === chapter && slide.workMinutes > 0).length
    findings.check(turns === 1, fileOf(chapter), `has ${turns} slides with {{steps}}: "your turn" is one slide`)
  }
  return slides
}
