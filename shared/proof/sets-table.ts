import { formatGrade } from '../stage/incidents/format.ts'
import { gradesOf } from '../stage/incidents/grade.ts'
import { scripts } from '../stage/incidents/scripts.ts'
import { numbers } from '../stage/incidents/lines.ts'
import { ALL } from '../stage/solved.ts'
import { type Cell, table } from '../stage/table.ts'
import { type Addition, nameOf, plus, type SetsResult } from './sets.ts'
import { TRADES } from './trades.ts'

/** For each chapter's incident: what it is without any chapter, with that one alone, with and without it otherwise. */
export function setsTables({ additions, figures }: SetsResult): { caption: string; text: string }[] {
  return scripts.flatMap(({ id, title }) => {
    const rows = ['alone', 'prefix', 'all but one'].flatMap((kind) => {
      const addition = additions.find((each) => each.kind === kind && each.chapter === id)
      return addition ? [addition.to, plus(addition)] : []
    })
    const names = [...new Set(rows.map(nameOf))]
    const grades = names.map((name) => ({ name, grades: gradesOf(id, figures[name]![id]!) }))
    if (names.length === 0) return []
    const head = ['', ...grades[0]!.grades.map(({ name }) => numbers[name].title + (isTraded(id, name) ? ' *' : ''))]
    const body = grades.map(({ name, grades }): Cell[] => [
      name === nameOf(ALL) ? 'all' : name,
      ...grades.map(formatGrade),
    ])
    return [{ caption: `Incident ${id}, ${title.toLowerCase()}, by what is solved`, text: table([head, ...body]) }]
  })
}

const isTraded = (incident: string, number: string) =>
  TRADES.some((trade) => trade.incident === incident && trade.number === number)

/** What was tried, in words. */
export function setsAbout({ additions, figures }: SetsResult, isShort: boolean): string {
  const count = (kind: Addition['kind']) => additions.filter((each) => each.kind === kind).length
  const runs = Object.values(figures).reduce((sum, incidents) => sum + Object.keys(incidents).length, 0)
  const all = 2 ** ALL.length
  return [
    `Parcel on ${Object.keys(figures).length} of ${all} sets of solved chapters: each alone, each prefix, all but one` +
      (isShort ? '.' : `, pairs (${count('pair')} additions) and a seeded draw (${count('drawn')}).`),
    'Each must answer healthy traffic in full, 99 of 100 at least.',
    isShort
      ? 'Left out: the incidents.'
      : 'And one more chapter must make no incident worse: its own incident in each, with pairs also that of the other, ' +
        'with draws any. No line that held may break, no number that misses its line move further from it.',
    `${runs} runs, seeded, in virtual time: the same on every machine. Left out: all the other sets.`,
    ...TRADES.map(
      ({ chapter, incident, number, because }) => `* ${chapter} at ${incident}, ${numbers[number].title}: ${because}.`,
    ),
  ].join(' ')
}
