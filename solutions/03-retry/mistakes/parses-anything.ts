/**
 * Mistake: Number() and Date.parse(), which take "1.5" and "-5" for something (axios-retry 4 and ky 1.14 do much the same).
 * Replaces: retry-after.ts
 * Killed by: takes a past date for now, and rubbish for nothing
 */
export * from '../retry-after.ts'

export function parseRetryAfter(header: string | string[] | undefined): number | undefined {
  const seconds = Number(header)
  const ms = Number.isNaN(seconds) ? Date.parse(String(header)) - Date.now() : seconds * 1000
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}
