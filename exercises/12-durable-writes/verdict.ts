/** What a delivery says about the downstream: see `CongestionWindow.leave`. */
export type Signal = 'free' | 'congested' | 'lost' | 'none'

export interface Verdict {
  signal: Signal
  /** For how long nobody is to ask again. */
  retryAfterMs?: number
  /** It is about this one, and would be said again: no use in sending it once more. */
  refused?: true
}

const HOUR_MS = 3_600_000

/** What an error of a delivery means. */
export function verdictOf(_error: unknown): Verdict {
  // It has failed. We shall try again.
  return { signal: 'none' }
}

/** A `Retry-After`, seconds or a date (RFC 9110, section 10.2.3), in milliseconds; undefined for anything else. */
export function parse(header: unknown): number | undefined {
  if (typeof header !== 'string') return undefined
  if (/^\d+$/.test(header.trim())) return atMostAnHour(Number(header) * 1000)
  // Date.parse reads almost anything; a date has a day's name, and ends in GMT.
  const at = /^[A-Z][a-z]{2},? .* GMT$/.test(header.trim()) ? Date.parse(header) : NaN
  return Number.isNaN(at) ? undefined : atMostAnHour(at - Date.now())
}

const atMostAnHour = (ms: number) => Math.min(HOUR_MS, Math.max(0, ms))
