import type { Side } from '../stage/column.ts'
import type { Trouble } from '../core/trouble.ts'
import { figuresOf, type Grade, gradesOf } from '../stage/incidents/grade.ts'
import type { Script } from '../stage/incidents/scripts.ts'
import type { Played } from '../stage/incidents/play.ts'
import { NoVerdict } from '../stage/incidents/subject.ts'

/** An incident's grades, number by number, the graded side first. */
export interface Scored {
  played: Played
  rows: Partial<Record<Side, Grade>>[]
}

/** What came of all of them, one after the other. */
export interface Day {
  all: Scored[]
  /** The one that did not come to its end, and why. None was played after it. */
  lost?: { script: Script; why: Trouble }
}

export type Verdict = 'passed' | 'failed' | 'no verdict'

/** Yours where it was played, else the reference. */
export const gradedSide = (played: Played): Side => ('yours' in played.sides ? 'yours' : 'reference')

export function scoreOf(played: Played): Scored {
  const grades = Object.entries(played.sides).map(([side, recording]) => {
    return [side, gradesOf(played.script.id, figuresOf(recording, played.phases))] as const
  })
  const rows = grades[0]![1].map((_, i) => Object.fromEntries(grades.map(([side, all]) => [side, all[i]!])))
  return { played, rows }
}

/** Of one side in one incident. On a machine that has too much to do, nobody knows. */
export function verdictOf({ played, rows }: Scored, side = gradedSide(played)): Verdict {
  if (played.saturated) return 'no verdict'
  return rows.every((row) => row[side]!.holds) ? 'passed' : 'failed'
}

/** Of all: one incident without a verdict leaves the whole without one. */
export function totalOf({ all, lost }: Day): Verdict {
  const verdicts = all.map((scored) => verdictOf(scored))
  if (lost) verdicts.push(lost.why instanceof NoVerdict ? 'no verdict' : 'failed')
  return (['no verdict', 'failed'] as const).find((verdict) => verdicts.includes(verdict)) ?? 'passed'
}

export const EXIT_CODES: Record<Verdict, number> = { passed: 0, failed: 1, 'no verdict': 2 }

/** Why a side answered nothing any more. */
export const crashesOf = ({ played: { sides } }: Scored): string[] =>
  Object.entries(sides).flatMap(([side, { crash }]) => (crash ? [`${side} has crashed: ${crash.join('\n')}`] : []))

/** What stands below every table of a run. */
export function conclusionOf({ all, lost }: Day): string {
  if (!lost) return summaryOf(all)
  const { script, why } = lost
  const none = why instanceof NoVerdict ? 'No verdict: ' : ''
  const ending = `${none}${script.id} ${script.title} was not played to its end. ${why.message}`
  return all.length === 0 ? ending : `${ending}\nBefore that: ${summaryOf(all)}`
}

function summaryOf(all: Scored[]): string {
  const passed = all.filter((scored) => verdictOf(scored) === 'passed').length
  const whose = gradedSide(all[0]!.played) === 'yours' ? 'Your Parcel' : 'The reference'
  const late = all.filter(({ played }) => played.saturated)
  if (late.length === 0) return `${whose} passes ${passed} of ${all.length}.`
  const delays = late.map(({ played }) => `${played.script.id}: ${played.delayMs.toFixed(0)} ms`).join(', ')
  return (
    `No verdict: this machine had too much to do, and these figures are about it. Even the customers came too late ` +
    `(${delays}; up to 20 ms is all right). End what else is running, and try again.`
  )
}
