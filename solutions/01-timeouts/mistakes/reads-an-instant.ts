/**
 * Mistake: takes the milliseconds on the wire for an instant of its own clock.
 * Replaces: deadline.ts
 * Killed by: reads what is left as a deadline of its own clock
 */
import { deadlineIn } from '../deadline.ts'

export * from '../deadline.ts'

export function deadlineFrom(header: string | string[] | undefined, maxMs: number) {
  const sent = typeof header === 'string' && /^\d+$/.test(header) ? Number(header) : Infinity
  return Math.min(sent, deadlineIn(maxMs))
}
