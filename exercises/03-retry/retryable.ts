/** What decides whether a request may be sent again. */
export interface Repeatable {
  /** As in HTTP. Default: GET. */
  method?: string
  /** By which the server recognizes a request that it has already carried out. */
  idempotencyKey?: string
  /** The request's body, in case it is one that can be read only once. */
  body?: unknown
}

/** Whether the same call may succeed in a moment. */
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
