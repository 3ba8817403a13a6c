import { Dispatcher } from 'undici'
import type { ClientLimits } from '#chapters/01-timeouts/client.ts'
import type { CircuitBreaker } from '#chapters/04-circuit-breaker/circuit-breaker.ts'
import type { Priority } from '#chapters/10-connection-routing/routes.ts'
import { LocalResourceError, ResponseError, TimeoutError } from '../core/errors.ts'
import type { Deadline } from '../core/deadline.ts'
import { Leash } from './leash.ts'
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
  /** Which sockets it may have. Default: standard. */
  priority?: Priority
  /** Of the request for whose sake it is; a booking's read-back has none. */
  trace?: Trace
}

/** One attempt at one replica. What it throws counts against the replica. */
export type Work<T> = (client: Dispatcher, patience: Patience) => Promise<T>

/** The time was up, but most of it had been spent in our own house: it says nothing about the replica. */
export class OwnDelayError extends TimeoutError {}

/** Whether an error says nothing about the replica: for its breaker, and for whoever learns what late is. */
export const isOwnDelay = (error: unknown): boolean =>
  error instanceof OwnDelayError || error instanceof LocalResourceError

/** How a call gets at a socket to a replica: by a route of its own, or from a pool for all. */
export interface Way {
  /** Runs `exchange` when there is a place for it; nobody's breaker hears of how long that took. */
  run<T>(exchange: (client: Dispatcher, signal: AbortSignal) => Promise<T>, patience: Patience): Promise<T>
  /** Sockets that are open, and calls that wait for one. */
  readonly stats: { readonly connected: number; readonly queued: number }
  prewarm?(timeoutMs: number): Promise<unknown>
  /** Resolves when what is in flight has ended. */
  close(): Promise<void>
}

/** Where one replica is asked, and the breaker that decides whether it is. */
export class Replica {
  readonly breaker: CircuitBreaker
  readonly #way: Way
  readonly #callMs: number
  readonly #lateMs: number

  /** @param way default: a pool for all of its calls */
  constructor(
    origin: string,
    breaker: CircuitBreaker,
    limits: CallLimits,
    way: Way = new RenewedPool(origin, limits, limits.socketMs ?? Infinity),
  ) {
    this.breaker = breaker
    this.#way = way
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
    return this.#way.stats
  }

  /** @throws OwnDelayError in place of a timeout that is ours */
  ask<T>(work: Work<T>, patience: Patience): Promise<T> {
    const attempt = async (dispatcher: Dispatcher, signal: AbortSignal) => {
      const begunAt = performance.now()
      // Never, as long as it waits for a socket.
      let sentAt = Infinity
      const client = new Noticing(dispatcher, () => (sentAt = performance.now()))
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
    // The wait for a place is outside of the breaker, and a dial inside: the one is ours, the other is the replica's.
    return this.#way.run(
      (client, signal) => this.breaker.execute((signal) => attempt(client, signal), signal),
      patience,
    )
  }

  /** Opens sockets before somebody needs them, for `timeoutMs` at most; a replica that opens none finds out later. */
  async prewarm(timeoutMs: number): Promise<void> {
    await this.#way.prewarm?.(timeoutMs)
  }

  /** Resolves when what is in flight has ended. */
  close(): Promise<void> {
    return this.#way.close()
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

/** The same client, which says when a request has left its queue and is about to be written. By hand: `compose` makes a Proxy a call. */
class Noticing extends Dispatcher {
  readonly #client: Dispatcher
  readonly #onSend: () => void

  constructor(client: Dispatcher, onSend: () => void) {
    super()
    this.#client = client
    this.#onSend = onSend
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { onRequestStart, onResponseEnd, onResponseError } = handler
    let leash: Leash | undefined
    // Not assigned to the handler one by one, or they would do themselves what the leash is for (leash.ts).
    const noticing: Dispatcher.DispatchHandler = {
      onRequestStart: (controller, context) => {
        this.#onSend()
        // Sent again, after a socket that had died.
        leash?.release()
        leash = new Leash(controller)
        onRequestStart?.call(handler, leash, context)
      },
      onResponseEnd: (controller, trailers) => {
        leash?.release()
        onResponseEnd?.call(handler, controller, trailers)
      },
      onResponseError: (controller, error) => {
        leash?.release()
        onResponseError?.call(handler, controller, error)
      },
    }
    return this.#client.dispatch(options, Object.assign(handler, noticing))
  }
}

/** undici's own, of which chapter 01 makes a cause. */
function isPhaseTimeout(error: unknown): boolean {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } }
  return [code, cause?.code].some((code) => /^UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT$/.test(String(code)))
}
