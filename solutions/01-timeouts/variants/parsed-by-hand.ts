/**
 * Another shape: comparisons instead of Math.min and Math.max, and a header read without a regular expression.
 * Replaces: deadline.ts
 */
import type { Deadline } from '../../../shared/core/deadline.ts'

export const DEADLINE_HEADER = 'deadline-ms'

export function deadlineIn(timeoutMs: number, deadline?: Deadline): Deadline {
  if (!Number.isFinite(timeoutMs) && timeoutMs !== Infinity)
    throw new RangeError(`timeoutMs is no number: ${timeoutMs}`)
  if (timeoutMs < 0) throw new RangeError(`timeoutMs is negative: ${timeoutMs}`)
  const own = performance.now() + timeoutMs
  if (deadline === undefined) return own
  if (typeof deadline !== 'number' || Number.isNaN(deadline)) throw new RangeError(`deadline is none: ${deadline}`)
  return deadline < own ? deadline : own
}

export function remainingMs(deadline: Deadline): number {
  const left = deadline - performance.now()
  return left > 0 ? left : 0
}

export function deadlineHeader(deadline: Deadline): Record<string, string> {
  const headers: Record<string, string> = {}
  if (Number.isFinite(deadline)) headers[DEADLINE_HEADER] = remainingMs(deadline).toFixed(3).split('.')[0]!
  return headers
}

export function deadlineFrom(header: string | string[] | undefined, maxMs: number): Deadline {
  const sent = typeof header === 'string' ? Number.parseInt(header, 10) : NaN
  const isPlain = String(sent) === header && sent >= 0
  return deadlineIn(isPlain && sent < maxMs ? sent : maxMs)
}
