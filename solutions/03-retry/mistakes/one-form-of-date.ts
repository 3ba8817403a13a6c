/**
 * Mistake: knows one form of a date, and reads the others as local time or not at all.
 * Replaces: retry-after.ts
 * Killed by: reads a date in all of its three forms
 */
import { parseRetryAfter as correct } from '../retry-after.ts'

export * from '../retry-after.ts'

export function parseRetryAfter(header: string | string[] | undefined): number | undefined {
  const isDate = typeof header === 'string' && /^[A-Z][a-z]{2},? /.test(header)
  return isDate ? Math.max(0, Date.parse(header) - Date.now()) : correct(header)
}
