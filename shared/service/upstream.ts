import { setImmediate } from 'node:timers/promises'
import type { Pool } from 'undici'
import { type ClientLimits, createClient } from '#chapters/01-timeouts/client.ts'
import { remainingMs } from '#chapters/01-timeouts/deadline.ts'
import { fullJitter } from '#chapters/03-retry/backoff.ts'
import { RetryBudget } from '#chapters/03-retry/budget.ts'
import { retry } from '#chapters/03-retry/retry.ts'
import { isTransient, type Repeatable } from '#chapters/03-retry/retryable.ts'
import { breakerPerEndpoint } from '#chapters/04-circuit-breaker/breakers.ts'
import type { CircuitBreaker } from '#chapters/04-circuit-breaker/circuit-breaker.ts'
import { HedgeBudget } from '#chapters/06-hedged-requests/budget.ts'
import { hedge } from '#chapters/06-hedged-requests/hedge.ts'
import { LiveLatency } from '#chapters/06-hedged-requests/latency.ts'
import { CircuitOpenError, ResponseError, TimeoutError } from '../core/errors.ts'
import type { Deadline } from '../core/deadline.ts'
import type { CarrierConfig } from './config.ts'
import type { BreakerNews } from './carrier-metrics.ts'
import type { AttemptKind, Metrics } from './metrics.ts'
import { CarrierError, reasonOf } from './reasons.ts'
import { inSpan, type Trace } from './tracing.ts'

export interface UpstreamLimits extends ClientLimits {
  /** For one attempt, whole, in milliseconds. */
  callMs: number
  /** Attempts in all, the first included. */
  attempts: number
}

/** For how long somebody waits for the answer. */
export interface Patience {
  signal: AbortSignal
  deadline: Deadline
  /** Of the request for whose sake it is; a booking's read-back has none. */
  trace?: Trace
}

/** Of one attempt: with what it tells the replica about the trace. */
export interface AttemptPatience extends Patience {
  headers: Readonly<Record<string, string>>
}

export interface Replica {
  client: Pool
  /** A pool of their own for streams: they hold a socket for hours, and would leave none for the calls. */
  streams: Pool
  /** One for each replica: a dead one must not close the way to its healthy twin. */
  breaker: CircuitBreaker
}

/**
 * One attempt at one replica. What it throws may be tried again and counts against the replica; a ResponseError that
 * it *returns* is the replica's considered no (404, 422): no other replica would say anything else.
 */
export type Exchange<T> = (replica: Replica, patience: AttemptPatience) => Promise<T | ResponseError>

export interface SendOptions extends Repeatable {
  hedged?: boolean
}

/** Short, because a quote has a second in all, and the next attempt goes to the other replica. */
const backoff = fullJitter({ baseMs: 25, capMs: 200 })

/**
 * After nonsense, the other replica may well make sense. But an open circuit means that both are dead: to wait for
 * the end of the break is for those who have the time, and with a quote the other carriers' would wait, too.
 */
const isWorthAnother = (error: unknown) =>
  ['bad-answer', 'too-large'].includes(reasonOf(error)) || (isTransient(error) && !(error instanceof CircuitOpenError))

/** A refusal is the carrier's and not the replica's, also when it is what the retries have given up on. */
const mayTwinDoBetter = (error: unknown) => !reasonOf(error).startsWith('status-4')

/**
 * A carrier's replicas behind the patterns, from the outside in: hedge over the replicas, retry, breaker of the
 * replica, and in the exchange the time-out around the HTTP call.
 */
export class Upstream {
  readonly name: string
  readonly #replicas: Replica[]
  readonly #maxAttempts: number
  readonly #budget = new RetryBudget()
  readonly #metrics: Metrics
  // The carriers' 95th percentile lies on the edge between 10 and 80 ms, so the 90th; a budget to match.
  readonly #hedging = { latency: new LiveLatency({ percentile: 90 }), budget: new HedgeBudget({ ratio: 0.1 }) }
  #turn = 0

  constructor(
    { name, replicas }: CarrierConfig,
    limits: UpstreamLimits,
    metrics: Metrics,
    onBreakerChange: (news: BreakerNews) => void = () => {},
  ) {
    this.name = name
    const endpoint = (origin: string) => `${name} at ${origin}`
    const breakerOf = breakerPerEndpoint({
      // By failures in a row, which find a dead replica in a second, and by rate for one that is merely bad.
      consecutiveFailures: 5,
      probeLeaseMs: 2 * limits.callMs,
      onChange: ({ name: of, from, to }) =>
        onBreakerChange({ carrier: name, replica: replicas.findIndex((origin) => endpoint(origin) === of), from, to }),
    })
    this.#replicas = replicas.map((origin) => ({
      client: createClient(origin, limits),
      // A stream may be long and silent: for undici, 0 and -1 are "no limit".
      streams: createClient(origin, { ...limits, bodyMs: 0, maxBytes: -1 }),
      breaker: breakerOf(endpoint(origin)),
    }))
    for (const [replica, { breaker, client, streams }] of this.#replicas.entries()) {
      metrics.watchBreaker({ carrier: name, replica, breaker })
      metrics.watchPool({ carrier: name, replica, pool: 'calls', stats: () => client.stats })
      metrics.watchPool({ carrier: name, replica, pool: 'streams', stats: () => streams.stats })
    }
    metrics.watchRetryBudget({ carrier: name, balance: () => this.#budget.balance })
    this.#maxAttempts = limits.attempts
    this.#metrics = metrics
  }

  /**
   * @param options.hedged whether a second replica may be asked while the first still thinks: reads only
   * @throws CarrierError with the reason, whatever it was
   */
  async send<T>(
    exchange: Exchange<T>,
    patience: Patience,
    { hedged = false, ...repeatable }: SendOptions = {},
  ): Promise<T> {
    const first = this.#turn++
    // A retry goes to the next replica, and so does a hedge: the one that has just failed is the worst to ask.
    const tries = async (signal: AbortSignal, hedgeNumber: number) => {
      // Perhaps we are late, and not the replica: timers come before sockets, and its answer may be there, unread.
      if (hedgeNumber > 0) await setImmediate(undefined, { signal })
      const attempt = (signal: AbortSignal, number: number) => {
        const kind = number > 1 ? 'retry' : hedgeNumber > 0 ? 'hedge' : 'first'
        return this.#attempt(kind, first + hedgeNumber + number - 1, exchange, { ...patience, signal })
      }
      return retry(attempt, {
        ...repeatable,
        maxAttempts: this.#maxAttempts,
        signal,
        deadline: patience.deadline,
        budget: this.#budget,
        backoff,
        isTransient: isWorthAnother,
      })
    }
    try {
      if (remainingMs(patience.deadline) <= 0) throw new TimeoutError('There was no time left to begin')
      const hedging = { signal: patience.signal, idempotent: true, isRetryable: mayTwinDoBetter, ...this.#hedging }
      const answer = await (hedged ? hedge(tries, hedging) : tries(patience.signal, 0))
      if (answer instanceof ResponseError) throw answer
      this.#metrics.outcomes.inc({ carrier: this.name, outcome: 'ok' })
      return answer
    } catch (cause) {
      const outcome = patience.signal.aborted ? 'cancelled' : reasonOf(cause)
      this.#metrics.outcomes.inc({ carrier: this.name, outcome })
      throw new CarrierError(this.name, cause, patience.signal)
    }
  }

  /** Resolves when what is in flight has ended. */
  async close(): Promise<void> {
    await Promise.all(this.#replicas.flatMap(({ client, streams }) => [client.close(), streams.close()]))
  }

  #attempt<T>(kind: AttemptKind, turn: number, exchange: Exchange<T>, patience: Patience): Promise<T | ResponseError> {
    const replica = this.#replicaFor(turn)
    const { attempts, inFlight, seconds } = this.#metrics
    // Counted inside the breaker: what it refuses never leaves the house.
    const counted = async (signal: AbortSignal) => {
      attempts.inc({ carrier: this.name, kind })
      inFlight.inc({ carrier: this.name })
      const stop = seconds.startTimer({ carrier: this.name })
      let result = 'failed'
      try {
        const work = (headers: AttemptPatience['headers']) => exchange(replica, { ...patience, signal, headers })
        const answer = await inSpan(patience.trace, this.name, { 'parcel.attempt': kind }, work)
        result = 'ok'
        return answer
      } finally {
        stop({ result: signal.aborted ? 'cancelled' : result })
        inFlight.dec({ carrier: this.name })
      }
    }
    return replica.breaker.execute(counted, patience.signal)
  }

  /** The next in turn whose breaker lets calls through: nobody should wait for one replica while its twin is well. */
  #replicaFor(turn: number): Replica {
    const inTurn = this.#replicas.map((_, index) => this.#replicas[(turn + index) % this.#replicas.length]!)
    const isOpen = ({ breaker: { state } }: Replica) => state.status === 'open' && state.retryAfterMs > 0
    return inTurn.find((replica) => !isOpen(replica)) ?? inTurn[0]!
  }
}
