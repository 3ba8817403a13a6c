import type { Dispatcher, Pool } from 'undici'
import type { ClientLimits } from '#chapters/01-timeouts/client.ts'
import type { CircuitBreaker } from '#chapters/04-circuit-breaker/circuit-breaker.ts'
import { ResponseError, TimeoutError } from '../core/errors.ts'
import type { Deadline } from '../core/deadline.ts'
import { lastLook, TICK_MS, watchLoop } from './loop.ts'
import { reasonOf } from './reasons.ts'
import { RenewedPool } from './renewed-pool.ts'
import type { Trace } from './tracing.ts'

export interface CallLimits extends ClientLimits {
  /** For one attempt, whole, in milliseconds. */
  callMs: number
  /** After which sockets are opened anew, in milliseconds. Default: Infinity. */
  socketMs?: number
}

/** For how long somebody waits for the answer. */
export interface Patience {
  signal: AbortSignal
  deadline: Deadline
  /** Of the request for whose sake it is; a booking's read-back has none. */
  trace?: Trace
}

/** One attempt at one replica. What it throws counts against the replica. */
export type Work<T> = (client: Dispatcher, patience: Patience) => Promise<T>

/** The time was up, but most of it had been spent in our own house: it says nothing about the replica. */
export class OwnDelayError extends TimeoutError {}

/** Whether an error says nothing about the replica: for its breaker, and for whoever learns what late is. */
export const isOwnDelay = (error: unknown): boolean => error instanceof OwnDelayError

/** Where one replica is asked, and the breaker that decides whether it is. */
export class Replica {
  readonly breaker: CircuitBreaker
  readonly #pool: RenewedPool
  readonly #callMs: number
  readonly #lateMs: number

  constructor(origin: string, breaker: CircuitBreaker, limits: CallLimits) {
    this.breaker = breaker
    this.#pool = new RenewedPool(origin, limits, limits.socketMs ?? Infinity)
    this.#callMs = limits.callMs
    // No less than is known about the loop.
    this.#lateMs = Math.max(2 * TICK_MS, Math.min(limits.connectMs, limits.headersMs, limits.callMs) / 2)
  }

  /** Whether a call would be refused at once. */
  get isOpen(): boolean {
    const { state } = this.breaker
    return state.status === 'open' && state.retryAfterMs > 0
  }

  /** Sockets that are open, and calls that wait for one. */
  get sockets(): { readonly connected: number; readonly queued: number } {
    return this.#pool.stats
  }

  /** @throws OwnDelayError in place of a timeout that is ours */
  ask<T>(work: Work<T>, patience: Patience): Promise<T> {
    const attempt = async (signal: AbortSignal) => {
      const begunAt = performance.now()
      // Never, as long as it waits for a socket.
      let sentAt = Infinity
      const client = noticing(this.#pool.current, () => (sentAt = performance.now()))
      const stopWatching = watchLoop()
      try {
        return await work(client, { ...patience, signal })
      } catch (error) {
        if (!this.#isOurs(error, sentAt, patience.deadline - begunAt)) throw error
        throw new OwnDelayError('The time was up before the carrier had had half of it', { cause: error })
      } finally {
        stopWatching()
      }
    }
    return this.breaker.execute(attempt, patience.signal)
  }

  /** Resolves when what is in flight has ended. */
  close(): Promise<void> {
    return this.#pool.close()
  }

  /**
   * A replica is late when it has not answered in its time. What its calls spent waiting for one of our sockets, or unread
   * because our loop was busy or our process stopped, is not its time; nor is what the caller did not give it.
   */
  #isOurs(error: unknown, sentAt: number, givenMs: number): boolean {
    if (reasonOf(error) !== 'timeout') return false
    const enoughMs = this.#callMs / 2
    // A 504: it has kept to the time that we gave it.
    if (error instanceof ResponseError) return givenMs < enoughMs
    if (performance.now() - lastLook() > this.#lateMs) return true
    // The limits on a single phase begin with it, and so after any waiting of ours.
    return !isPhaseTimeout(error) && !(lastLook() - sentAt >= enoughMs)
  }
}

/** The same pool, which says when a request has left its queue and is about to be written. */
function noticing(pool: Pool, onSend: () => void): Dispatcher {
  return pool.compose((dispatch) => (options, handler) => {
    const { onRequestStart } = handler
    handler.onRequestStart = (...args) => {
      onSend()
      onRequestStart?.apply(handler, args)
    }
    return dispatch(options, handler)
  })
}

/** undici's own, of which chapter 01 makes a cause. */
function isPhaseTimeout(error: unknown): boolean {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } }
  return [code, cause?.code].some((code) => /^UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT$/.test(String(code)))
}
