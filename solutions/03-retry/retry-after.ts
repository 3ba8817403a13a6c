import { causesOf, CircuitOpenError, ResponseError } from '../../shared/core/errors.ts'

/** The three forms of an HTTP date (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994`, `Sunday, 06-Nov-94`, `Sun Nov  6`. */
const FORMS = [
  /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/,
  /^\w{6,9}, \d\d-\w{3}-\d\d \d\d:\d\d:\d\d GMT$/,
  /^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/,
]

/**
 * How many milliseconds a `Retry-After` header asks for (RFC 9110, section 10.2.3): whole seconds, or a date, of which
 * a past one means now. Undefined without a header, and for one that is garbled.
 */
export function parseRetryAfter(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined
  if (/^\d+$/.test(header)) return Number(header) * 1000
  // Date.parse takes "1.5" for the fifth of January 2001, and "Wed, 2099" for 73 years: only what looks like a date.
  if (!FORMS.some((form) => form.test(header))) return undefined
  const at = new Date(header.replace(/( GMT)?$/, ' GMT'))
  // It takes a 31 Feb for the third of March, too. The first number of each form is the day.
  if (at.getUTCDate() !== Number(/\d+/.exec(header))) return undefined
  return Math.max(0, at.getTime() - Date.now())
}

/**
 * The milliseconds for which whoever failed asked to be left alone, 0 when they did not say: an open breaker's
 * `retryAfterMs`, a response's `Retry-After`, or that of the error's cause.
 */
export function retryAfterMs(error: unknown): number {
  for (const cause of causesOf(error)) {
    if (cause instanceof CircuitOpenError) return cause.retryAfterMs
    if (cause instanceof ResponseError) return parseRetryAfter(cause.headers['retry-after']) ?? 0
  }
  return 0
}
