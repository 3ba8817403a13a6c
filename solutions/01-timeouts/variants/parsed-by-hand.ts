/**
 * Another shape: comparisons instead of Math.min and Math.max, and a header read without a regular expression.
 * Replaces: deadline.ts
 */
import type { Deadline } from '../../../shared/core/deadline.ts'

export const DEADLINE_HEADER = 'deadline-ms'

export function deadlineIn(timeoutMs: number, parent?: Deadline): Deadline {
  if (Number.isNaN(timeoutMs) || timeoutMs < 0) throw new RangeError(`Not a timeout: ${timeoutMs}`)
  const own = performance.now() + timeoutMs
  return parent !== undefined && parent < own ? parent : own
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
