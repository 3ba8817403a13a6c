import { styleText } from 'node:util'
import { formatGrade, formatLine } from '../stage/incidents/format.ts'
import type { Grade } from '../stage/incidents/grade.ts'
import { numbers } from '../stage/incidents/lines.ts'
import { crashesOf, type Scored, verdictOf } from './score.ts'

const TITLE_WIDTH = 40
const WIDTH = 14

/** An incident's numbers for the terminal: yours, the reference, the line. */
export function tableOf(scored: Scored): string {
  const { played, rows } = scored
  const sides = (['yours', 'reference'] as const).filter((side) => side in played.sides)
  const { id, title } = played.script
  const verdict = verdictOf(scored)
  const head = `${id}  ${title}`.padEnd(TITLE_WIDTH) + [...sides, 'line'].map((it) => it.padEnd(WIDTH)).join('')
  const body = rows.map((row) => {
    const { name, bound } = row[sides[0]!]!
    const cells = sides.map((side) => colour(row[side]!))
    return `  ${numbers[name].title.padEnd(TITLE_WIDTH - 2)}${cells.join('')}${formatLine(name, bound)}`
  })
  return [styleText('bold', head.trimEnd()), ...body, ...crashesOf(scored), `  ${verdict}`].join('\n')
}

const colour = (grade: Grade) => styleText(grade.holds ? 'green' : 'red', formatGrade(grade).padEnd(WIDTH))
