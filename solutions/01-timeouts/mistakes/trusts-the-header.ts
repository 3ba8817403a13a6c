/**
 * Mistake: turns whatever came over the wire into a number.
 * Replaces: deadline.ts
 * Killed by: takes a header that is missing or garbled for none
 */
import { deadlineIn } from '../deadline.ts'

export * from '../deadline.ts'

export function deadlineFrom(header: string | string[] | undefined, maxMs: number) {
  return deadlineIn(Math.max(0, Math.min(header === undefined ? maxMs : Number(header), maxMs)))
}
