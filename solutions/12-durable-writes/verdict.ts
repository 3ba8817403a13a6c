import {
  BulkheadFullError,
  causesOf,
  CircuitOpenError,
  RateLimitedError,
  ResponseError,
} from '../../shared/core/errors.ts'

/** What a delivery says about the downstream: see `CongestionWindow.leave`. */
export type Signal = 'free' | 'congested' | 'lost' | 'none'

export interface Verdict {
  signal: Signal
  /** For how long nobody is to ask again. */
  retryAfterMs?: number
  /** It is about this one, and would be said again: no use in sending it once more. */
  refused?: true
}

/** "Come back later" in the 4xx: too late, too early, too many (RFC 9110, RFC 8470, RFC 6585). */
const LATER = [408, 425, 429]
const HOUR_MS = 3_600_000

/** What an error of a delivery means, by whatever caused it. */
export function verdictOf(error: unknown): Verdict {
  for (const cause of causesOf(error)) {
    // Nobody was asked: there was no place in our own house, or whoever refused knows when to ask.
    if (cause instanceof BulkheadFullError) return { signal: 'congested' }
    if (cause instanceof CircuitOpenError || cause instanceof RateLimitedError)
      return { signal: 'congested', retryAfterMs: atMostAnHour(cause.retryAfterMs) }
    if (cause instanceof ResponseError) {
      const { status, headers } = cause
      if (status >= 400 && status < 500 && !LATER.includes(status)) return { signal: 'none', refused: true }
      const retryAfterMs = parse(headers['retry-after'])
      return { signal: 'congested', ...(retryAfterMs !== undefined && { retryAfterMs }) }
    }
  }
  // Time-outs, resets, sockets that do not open, and what nobody has thought of.
  return { signal: 'lost' }
}

/** Seconds or a date (RFC 9110, section 10.2.3); undefined for anything else. */
function parse(header: unknown): number | undefined {
  if (typeof header !== 'string') return undefined
  if (/^\d+$/.test(header.trim())) return atMostAnHour(Number(header) * 1000)
  // Date.parse reads almost anything; a date has a day's name, and ends in GMT.
  const at = /^[A-Z][a-z]{2},? .* GMT$/.test(header.trim()) ? Date.parse(header) : NaN
  return Number.isNaN(at) ? undefined : atMostAnHour(at - Date.now())
}

const atMostAnHour = (ms: number) => Math.min(HOUR_MS, Math.max(0, ms))
