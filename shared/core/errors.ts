/** What every error of the patterns can tell: how often it was tried, and for how long. */
export interface Effort {
  /** Attempts begun, the first included. */
  attempts?: number
  /** Milliseconds from the call to the failure. */
  elapsedMs?: number
}

/** The base of the patterns' errors. `code` is stable and meant for programs, `message` for people, `cause` for both. */
export abstract class FailWellError extends Error {
  abstract readonly code: string
  readonly attempts: number | undefined
  readonly elapsedMs: number | undefined

  constructor(message: string, { cause, attempts, elapsedMs }: Effort & { cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.attempts = attempts
    this.elapsedMs = elapsedMs
  }
}

/** The time was up. Distinct from an abort, which is somebody's wish and carries that somebody's own reason. */
export class TimeoutError extends FailWellError {
  readonly code = 'TIMEOUT'
}

/**
 * Why there was no further attempt: all `attempts` are used up, the request is `not-repeatable`, whoever failed asked to
 * be left alone for too long (`retry-after`), the next would begin at the `deadline` or later, or the `budget` of the
 * backend is spent.
 */
export type RetryStop = 'attempts' | 'not-repeatable' | 'retry-after' | 'deadline' | 'budget'

/** The retries ended without a success; `cause` is what the last attempt threw, `stoppedBy` why there was no further one. */
export class RetryError extends FailWellError {
  readonly code = 'RETRY_EXHAUSTED'
  readonly stoppedBy: RetryStop

  constructor(message: string, stoppedBy: RetryStop, effort: Effort & { cause?: unknown }) {
    super(message, effort)
    this.stoppedBy = stoppedBy
  }
}

/** The circuit is open: the call was rejected without being made; `cause` is the failure that opened it. */
export class CircuitOpenError extends FailWellError {
  readonly code = 'CIRCUIT_OPEN'
  /** Milliseconds until a probe may be let through; asking earlier is in vain. */
  readonly retryAfterMs: number

  constructor(message: string, retryAfterMs: number, cause?: unknown) {
    super(message, { cause, attempts: 0, elapsedMs: 0 })
    this.retryAfterMs = retryAfterMs
  }
}

/** There is no room for it within its time, or in the line; nothing was taken, and nobody was asked. */
export class RateLimitedError extends FailWellError {
  readonly code = 'RATE_LIMITED'
  /** Milliseconds until it would be its turn, if nobody else came. */
  readonly retryAfterMs: number

  constructor(message: string, retryAfterMs: number) {
    super(message, { attempts: 0, elapsedMs: 0 })
    this.retryAfterMs = retryAfterMs
  }
}

/**
 * Why there was no place: the queue is `full`, the turn would come too `late`, one has `waited` for long enough, or it is
 * `early` to refuse somebody and high time for others, or the event loop is `busy`.
 */
export type Refusal = 'full' | 'late' | 'waited' | 'early' | 'busy'

/** There is more to do than can be done in time: the work was refused without being begun. */
export class OverloadError extends FailWellError {
  readonly code = 'OVERLOADED'
  readonly because: Refusal

  constructor(because: Refusal, elapsedMs: number) {
    // There are thousands a second when there is least to spare, all from the same place: no stack, which is dear to take.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super(`There is more to do than can be done in time: ${because}`, { attempts: 0, elapsedMs })
    Error.stackTraceLimit = stackTraceLimit
    this.because = because
  }
}

/** A route has no place: its queue is `full`, or one has `waited` for long enough; nothing was begun. */
export class BulkheadFullError extends FailWellError {
  readonly code = 'BULKHEAD_FULL'
  readonly route: string
  readonly why: 'full' | 'waited'

  constructor(route: string, why: 'full' | 'waited', elapsedMs: number) {
    super(`There is no place in ${route}: ${why}`, { attempts: 0, elapsedMs })
    this.route = route
    this.why = why
  }
}

/** This machine has run out of something that a connection needs: no fault of whoever was to be called. */
export class LocalResourceError extends FailWellError {
  readonly code = 'LOCAL_RESOURCE'
  /** What has run out, in words. */
  readonly resource: string
  /** What one would turn to have more of it. */
  readonly knob: string

  constructor(resource: string, knob: string, cause: unknown) {
    super(`This machine has run out of ${resource}; there are more with ${knob}`, { cause })
    this.resource = resource
    this.knob = knob
  }
}

/** The router closes, or has closed: it takes no new calls, and those that were late have been cut off. */
export class RouterClosedError extends FailWellError {
  readonly code = 'ROUTER_CLOSED'
}

/** It was closed, or drains: what was offered has not been taken, and is still whoever's it was. */
export class ClosedError extends FailWellError {
  readonly code = 'CLOSED'
}

/** As many wait as may: what was offered has not been taken. */
export class QueueFullError extends FailWellError {
  readonly code = 'QUEUE_FULL'
  /** How many may wait. */
  readonly capacity: number

  constructor(capacity: number) {
    super(`${capacity} wait already, and no more may`, { attempts: 0, elapsedMs: 0 })
    this.capacity = capacity
  }
}

/** Every attempt of a hedged request failed; `errors` holds each cause in the order in which the attempts began. */
export class HedgeError extends FailWellError {
  readonly code = 'HEDGE_FAILED'
  readonly errors: readonly unknown[]

  constructor(message: string, errors: readonly unknown[], effort: Effort) {
    super(message, { ...effort, cause: errors.at(-1) })
    this.errors = errors
  }
}

/** Cancelled by whoever asked, who no longer needs the answer: no fault of the one that was cancelled. */
export class NotNeededError extends FailWellError {
  readonly code = 'NOT_NEEDED'
}

/** A record is not in the log: the disk has refused it (it is full, say), and what had been written of it is cut off. The next may succeed. */
export class LogWriteError extends FailWellError {
  readonly code = 'LOG_WRITE'
}

/**
 * A sync has failed, and nobody knows what of the last line is on disk: the log takes nothing more, until it is opened
 * anew. What was rejected with this may be there, then.
 */
export class LogBrokenError extends FailWellError {
  readonly code = 'LOG_BROKEN'
}

/** What was on disk once is not any more: a line in the middle is no line, or a file is missing. Nothing was changed. */
export class LogCorruptError extends FailWellError {
  readonly code = 'LOG_CORRUPT'
  readonly file: string
  /** In bytes, from the file's beginning. */
  readonly offset: number

  constructor(message: string, file: string, offset: number) {
    super(`${message}: ${file}, byte ${offset}`)
    this.file = file
    this.offset = offset
  }
}

/** As much is owed as may be; nothing was written. */
export class OutboxFullError extends FailWellError {
  readonly code = 'OUTBOX_FULL'

  constructor(capacity: number) {
    super(`The outbox owes ${capacity} deliveries already`, { attempts: 0, elapsedMs: 0 })
  }
}

/** Another process, or this one, has the directory. */
export class LockedError extends FailWellError {
  readonly code = 'LOCKED'
}

/** An upstream answered, but not with a success (RFC 9110, section 15). */
export class ResponseError extends FailWellError {
  readonly code = 'RESPONSE'
  readonly status: number
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>

  constructor(message: string, status: number, headers: ResponseError['headers'] = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

/** `error`, its `cause`, the cause of that, and so on: each once, for a chain may bite its own tail. */
export function* causesOf(error: unknown): Generator<unknown> {
  const seen = new Set<unknown>()
  for (; error !== undefined && !seen.has(error); error = (error as Partial<Error> | null)?.cause) {
    seen.add(error)
    yield error
  }
}
