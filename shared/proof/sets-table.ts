import { formatGrade, formatNumber } from '../stage/incidents/format.ts'
import { type Figures, gradesOf } from '../stage/incidents/grade.ts'
import { scripts } from '../stage/incidents/scripts.ts'
import { linesOf, type NumberName, numbers } from '../stage/incidents/lines.ts'
import { ALL } from '../stage/solved.ts'
import { type Cell, table } from '../stage/table.ts'
import { type Addition, nameOf, PLAYED, plus, type SetsResult } from './sets.ts'
import { TRADES } from './trades.ts'

/** For each chapter's incident: what it is without any chapter, with that one alone, with and without it otherwise. */
export function setsTables({ additions, figures }: SetsResult): { caption: string; text: string }[] {
  return PLAYED.flatMap(({ id, title }) => {
    const rows = ['alone', 'prefix', 'all but one'].flatMap((kind) => {
      const addition = additions.find((each) => each.kind === kind && each.chapter === id)
      return addition ? [addition.to, plus(addition)] : []
    })
    const names = [...new Set(rows.map(nameOf))]
    if (names.length === 0) return []
    const traded = TRADES.filter(({ incident }) => incident === id).map(({ number }) => number)
    const cells = (of: Figures) => [
      ...gradesOf(id, of).map(formatGrade),
      // Without a line of its own.
      ...traded.filter((name) => isOutside(id, name)).map((name) => formatNumber(name, of[name])),
    ]
    // What did not come to an end has been told of.
    const cellsOf = (of: Figures | undefined) => (of ? cells(of) : [])
    const titles = [...linesOf(id).map(([name]) => name), ...traded.filter((name) => isOutside(id, name))]
    const head = ['', ...titles.map((name) => numbers[name].title + (traded.includes(name) ? ' *' : ''))]
    const body = names.map((name): Cell[] => [name === nameOf(ALL) ? 'all' : name, ...cellsOf(figures[name]?.[id])])
    return [{ caption: `Incident ${id}, ${title.toLowerCase()}, by what is solved`, text: table([head, ...body]) }]
  })
}

const isOutside = (incident: string, number: NumberName) => linesOf(incident).every(([name]) => name !== number)

const UNPLAYED = scripts.filter((script) => !PLAYED.includes(script)).map(({ id }) => id)

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
        'with draws any. No line that held may break, no number that misses its line move further from it. What ' +
        'seems worse is played with another seed, and is if it is so again.',
    `${runs} runs, seeded, in virtual time, so that what else a machine does hardly shows. Left out: all the other sets; ` +
      `and incident ${UNPLAYED.join(', ')}, which kills processes and looks at their disks.`,
    ...TRADES.map(
      ({ chapter, incident, number, until, because }) =>
        `* ${chapter} at ${incident}${until ? `, as long as ${until} is not solved` : ''}, ${numbers[number].title}: ${because}.`,
    ),
  ].join(' ')
}
