import {
  BulkheadFullError,
  CircuitOpenError,
  FailWellError,
  HedgeError,
  RateLimitedError,
  ResponseError,
  RetryError,
  TimeoutError,
} from '../core/errors.ts'

/** The carrier answered with a success whose body is not what was agreed. */
export class BadAnswerError extends FailWellError {
  readonly code = 'BAD_ANSWER'
}

/** A carrier did not do what was asked; `cause` is what the patterns threw. */
export class CarrierError extends FailWellError {
  readonly code = 'CARRIER'
  readonly carrier: string
  /** Short and stable, for callers and metrics: see `reasonOf`. */
  readonly reason: string
  /** Whole seconds before asking again makes sense. */
  readonly retryAfterS: number

  constructor(carrier: string, cause: unknown, asker?: AbortSignal) {
    const reason = reasonOf(cause, asker)
    super(`${carrier}: ${reason}`, { cause })
    this.carrier = carrier
    this.reason = reason
    this.retryAfterS = retryAfterS(rootOf(cause))
  }
}

const BY_CODE: Record<string, string> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETDOWN: 'unreachable',
  UND_ERR_SOCKET: 'reset',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'reset',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'too-large',
  // The limits of undici's own, where they are shorter than the call's: streams meet them as they are.
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  // The system's, which gives up on a socket in its own time.
  ETIMEDOUT: 'timeout',
  ENOTFOUND: 'unknown-host',
  EAI_AGAIN: 'unknown-host',
  // It speaks something, but not TLS.
  EPROTO: 'bad-answer',
}

/** A certificate that does not verify: OpenSSL has some forty names for that, as Node's codes. */
const UNTRUSTED =
  /CERT|CRL|^UNABLE_TO_VERIFY_LEAF_SIGNATURE$|^(INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)$/

/**
 * Why there is no answer, in one word: `timeout`, `open` (the breaker did not let the call through), `rate-limited`
 * (nor did the carrier’s line, in time), `busy` (all sockets of ours
 * that it may have were taken), `status-503` (or whatever it was), `bad-answer`, `refused`, `reset`, `too-large`, `unreachable`, `unknown-host`, `untrusted` (its
 * certificate), `cancelled`, and `error` for a mistake of our own.
 *
 * @param asker the signal of whoever asked: with what it aborts is up to them, and no mistake
 */
export function reasonOf(error: unknown, asker?: AbortSignal): string {
  const root = rootOf(error)
  if (root instanceof CarrierError) return root.reason
  if (root instanceof TimeoutError) return 'timeout'
  if (asker?.aborted && root === asker.reason) return 'cancelled'
  if (root instanceof CircuitOpenError) return 'open'
  if (root instanceof RateLimitedError) return 'rate-limited'
  if (root instanceof BulkheadFullError) return 'busy'
  // A 504 is the time that we gave it, run out on the carrier's clock a little before ours.
  if (root instanceof ResponseError) return root.status === 504 ? 'timeout' : `status-${root.status}`
  if (root instanceof BadAnswerError) return 'bad-answer'
  if (!(root instanceof Error)) return 'error'
  if (root.name === 'AbortError') return 'cancelled'
  const code = String((root as NodeJS.ErrnoException).code)
  if (/^(HPE|ERR_SSL)_/.test(code)) return 'bad-answer'
  if (UNTRUSTED.test(code)) return 'untrusted'
  return BY_CODE[code] ?? 'error'
}

/** What the last attempt died of, below the retries and hedges around it. */
function rootOf(error: unknown): unknown {
  while (error instanceof RetryError || error instanceof HedgeError) error = error.cause
  return error
}

/** What a breaker, a line or a 429 said, else a second: long enough for a restart, short enough for somebody who waits. */
function retryAfterS(error: unknown): number {
  if (error instanceof CircuitOpenError || error instanceof RateLimitedError)
    return Math.max(1, Math.ceil(error.retryAfterMs / 1000))
  const told = error instanceof ResponseError ? error.headers['retry-after'] : undefined
  return typeof told === 'string' && /^\d{1,9}$/.test(told) ? Math.max(1, Number(told)) : 1
}
