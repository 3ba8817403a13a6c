/**
 * Mistake: lets the caller choose any limit, so that the server has none.
 * Replaces: deadline.ts
 * Killed by: does not let a caller ask for more than the limit
 */
import { deadlineIn } from '../deadline.ts'

export * from '../deadline.ts'

export function deadlineFrom(header: string | string[] | undefined, maxMs: number) {
  return deadlineIn(typeof header === 'string' && /^\d+$/.test(header) ? Number(header) : maxMs)
}
