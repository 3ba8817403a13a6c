import { markdownTable } from '../stage/table.ts'
import { formatGrade, formatLine } from '../stage/incidents/format.ts'
import { numbers } from '../stage/incidents/lines.ts'
import { conclusionOf, type Scored, verdictOf } from './score.ts'

/** The document that is kept: shared/gameday/RESULTS.md. @param about the run: command, date, machine */
export function markdownOf(all: Scored[], about: string): string {
  const head = `# Game day

Written by \`npm run gameday mine -- --save\`. ${about}.

${conclusionOf({ all })} “Yours” is what lay in \`exercises/\`. Every number, its line and the reason for that are in
[lines.ts](../stage/incidents/lines.ts), the incidents in [incidents.ts](../stage/incidents/incidents.ts): each is played with only its chapter from
\`exercises/\` and all the others solved, the finale with all that lies there.
`
  return [head, ...all.map(section)].join('\n')
}

function section(scored: Scored): string {
  const { played, rows } = scored
  const sides = (['yours', 'reference'] as const).filter((side) => side in played.sides)
  const verdicts = sides.map((side) => `${side}: ${verdictOf(scored, side)}`).join(', ')
  const body = rows.map((grades) => {
    const { name, bound } = grades[sides[0]!]!
    return [numbers[name].title, ...sides.map((side) => formatGrade(grades[side]!)), formatLine(name, bound)]
  })
  return `## ${played.script.id} ${played.script.title}

${verdicts}; the generator was ${played.delayMs.toFixed(0)} ms late.

${markdownTable([['number', ...sides, 'line'], ...body])}
`
}
