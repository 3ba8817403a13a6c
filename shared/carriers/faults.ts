/** What a carrier can be told to do wrong. Only `kind` is needed; `FAULT_DEFAULTS` has the rest. */
export type Fault =
  /** Nobody listens: open connections are cut, new ones get ECONNREFUSED. */
  | { kind: 'refused' }
  /** Accepts the request and never answers; no work is done. */
  | { kind: 'blackhole' }
  /** Silent for `delayMs`, then answers as if nothing had been. */
  | { kind: 'slow-headers'; delayMs?: number }
  /** Headers at once, then one byte of the body every `everyMs`: each byte restarts a client's timer between chunks. */
  | { kind: 'dripping-body'; everyMs?: number }
  /** The work is done, but the connection ends halfway through the body. */
  | { kind: 'truncated-body' }
  /** The work is done, but a TCP reset comes halfway through the body, `afterMs` after its first half. */
  | { kind: 'reset'; afterMs?: number }
  /** Status, length and content type are right; the JSON ends halfway. */
  | { kind: 'malformed-json' }
  /** The right answer behind `bytes` bytes of white space: valid JSON, of a length that no header announces. */
  | { kind: 'huge-body'; bytes?: number }
  /** Answers `status` (500 to 599) at once, without doing the work, to a share `rate` (0 to 1) of the requests. */
  | { kind: '5xx'; status?: number; rate?: number }
  /** Answers 429 at once, with a Retry-After of `retryAfterS` whole seconds (RFC 9110, section 10.2.3). */
  | { kind: '429'; retryAfterS?: number }
  /**
   * The carrier comes back just well enough to ruin the breaker's probe. Each replica, counted from when the fault is set:
   * for `failMs` it answers 503 at once, which opens a breaker; then it accepts the next `probes` requests and never
   * answers them; after those it is healthy. A breaker that takes a probe's slot back sees that, another one never.
   */
  | { kind: 'stuck-after-half-open'; failMs?: number; probes?: number }
