import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clock, type Edition, editionsOf } from '../../../slides/build/plan.ts'
import { type Chapter, chapters, chaptersByDay, days, folderOf } from '../../manifest/chapters.ts'
import type { Findings } from '../../manifest/findings.ts'
import { drawings } from '../../stage/drawings/drawings.ts'

/*
 * What texts say of the manifest and of the drawings is written from them, between `<!-- written: name -->` and `<!-- /written -->`; by
 * `npm run check -- --record`, and the gate holds them to it.
 */
interface Passage {
  file: string
  name: string
  text: string
}

const chaptersTable = ([day, some]: [keyof typeof days, Chapter[]]): string =>
  [
    `**Day ${['one', 'two', 'three'][day - 1]}, ${days[day].toLowerCase()}**\n`,
    '| | chapter | what goes wrong without it |',
    '|---|---|---|',
    ...some.map(
      (chapter) =>
        `| [${chapter.number}](exercises/${folderOf(chapter)}/README.md) | ${chapter.title} | ${chapter.fails} |`,
    ),
  ].join('\n')

const runSheet = ({ title, rows }: Edition): string =>
  [
    `## ${title}\n`,
    '| from | min | what | cut here if late |',
    '|---|---|---|---|',
    ...rows.map(({ at, minutes, what, cut }) => `| ${clock(at)} | ${minutes || ''} | ${what} | ${cut} |`),
  ].join('\n')

const drawingsTable = (): string =>
  [
    '| name | what is seen |',
    '|---|---|',
    ...Object.entries(drawings)
      .filter(([name]) => !/^\d\d-/.test(name))
      // JavaScript puts a key such as `10` before all others.
      .toSorted(([a], [b]) => Number(/^\d/.test(a)) - Number(/^\d/.test(b)) || (/^\d/.test(a) ? a.localeCompare(b) : 0))
      .map(([name, { alt }]) => `| \`${name}\` | ${alt} |`),
  ].join('\n')

const passages = (): Passage[] => [
  { file: 'README.md', name: 'chapters', text: chaptersByDay(chapters).map(chaptersTable).join('\n\n') },
  { file: 'shared/stage/drawings/README.md', name: 'drawings', text: drawingsTable() },
  { file: 'slides/INSTRUCTOR.md', name: 'run sheets', text: Object.values(editionsOf()).map(runSheet).join('\n\n') },
]

const marks = (name: string) => new RegExp(`(?<=<!-- written: ${name} -->\\n\\n).*?(?=\\n\\n<!-- /written -->)`, 's')

/** @returns the files written */
export function recordPassages(root: string): string[] {
  return passages().map(({ file, name, text }) => {
    const path = join(root, file)
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(marks(name), () => text),
    )
    return file
  })
}

export function checkPassages(root: string, findings: Findings): void {
  for (const { file, name, text } of passages()) {
    const [found] = marks(name).exec(readFileSync(join(root, file), 'utf8').replaceAll('\r\n', '\n')) ?? []
    findings.check(found === text, file, `has other ${name} than the code: run "npm run check -- --record"`)
  }
}
