import { CircuitOpenError, ResponseError } from '../../shared/core/errors.ts'

/** The three forms of an HTTP date (RFC 9110, section 5.6.7): `Sun, 06 Nov …`, `Sunday, 06-Nov-94 …`, `Sun Nov  6 …` */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /

/**
 * How many milliseconds a `Retry-After` header asks for (RFC 9110, section 10.2.3): whole seconds, or a date, of which
 * a past one means now. Undefined without a header, and for one that is garbled.
 */
export function parseRetryAfter(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined
  if (/^\d+$/.test(header)) return Number(header) * 1000
  // Date.parse finds a date in nearly anything: it takes "1.5" for the fifth of January 2001.
  const at = HTTP_DATE.test(header) ? Date.parse(header.replace(/( GMT)?$/, ' GMT')) : NaN
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now())
}

/**
 * The milliseconds for which whoever failed asked to be left alone, 0 when they did not say: an open breaker's
 * `retryAfterMs`, a response's `Retry-After`, or that of the error's cause.
 */
export function retryAfterMs(error: unknown): number {
  if (error instanceof CircuitOpenError) return error.retryAfterMs
  if (error instanceof ResponseError) return parseRetryAfter(error.headers['retry-after']) ?? 0
  return error instanceof Error ? retryAfterMs(error.cause) : 0
}
