import { setImmediate } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import { fullJitter } from '#chapters/03-retry/backoff.ts'
import { RetryBudget } from '#chapters/03-retry/budget.ts'
import { retryAfterMs } from '#chapters/03-retry/retry-after.ts'
import { retry } from '#chapters/03-retry/retry.ts'
import { isTransient, type Repeatable } from '#chapters/03-retry/retryable.ts'
import { breakerPerEndpoint } from '#chapters/04-circuit-breaker/breakers.ts'
import type { BreakerOptions } from '#chapters/04-circuit-breaker/options.ts'
import { HedgeBudget } from '#chapters/06-hedged-requests/budget.ts'
import { hedge } from '#chapters/06-hedged-requests/hedge.ts'
import type { LiveLatency } from '#chapters/06-hedged-requests/latency.ts'
import type { RateLimiter } from '#chapters/07-rate-limiting/limiter.ts'
import { deadlineAfter, msUntil } from '../core/deadline.ts'
import { BulkheadFullError, CircuitOpenError, RateLimitedError, ResponseError, TimeoutError } from '../core/errors.ts'
import type { BreakerNews } from './carrier-metrics.ts'
import type { CarrierConfig } from './config.ts'
import { type Evidence, evidenceFor } from './evidence.ts'
import type { AttemptKind, Metrics } from './metrics.ts'
import { CarrierError, reasonOf } from './reasons.ts'
import { type CallLimits, isOwnDelay, type Patience, Replica, type Work } from './replica.ts'
import { type Routes, RoutedSockets } from './routed-sockets.ts'
import { inSpan } from './tracing.ts'

export interface UpstreamLimits extends CallLimits {
  /** Attempts in all, the first included. */
  attempts: number
  /** When a replica's breaker opens: after so many failures in a row, or from that share of failures on. */
  breaker: Pick<BreakerOptions, 'consecutiveFailures' | 'failureRate'>
  /** Where a carrier takes only so many calls a second. */
  line?: RateLimiter
  /** In the line, at most, in milliseconds. Default: Infinity. */
  lineMs?: number
  /** By which calls get at their sockets. Default: all from one pool. */
  routes?: Routes
}

/** Of one attempt: with what it tells the replica about the trace. */
export interface AttemptPatience extends Patience {
  headers: Readonly<Record<string, string>>
}

/**
 * One attempt at one replica. What it throws may be tried again and counts against the replica; a ResponseError that
 * it *returns* is the replica's considered no (404, 422): no other replica would say anything else.
 */
export type Exchange<T> = (client: Dispatcher, patience: AttemptPatience) => Promise<T | ResponseError>

export interface SendOptions extends Repeatable {
  /**
   * Whether a second replica may be asked while the first still thinks, for reads only: what calls of this kind have
   * taken so far.
   */
  hedgedBy?: LiveLatency
}

/** For as long we take a replica's word that it wants to be left alone; one header must not take it away for a day. */
const LONGEST_REST_MS = 300_000

/** Short, because a quote has a second in all, and the next attempt goes to the other replica. */
const backoff = fullJitter({ baseMs: 25, capMs: 200 })

/** For no customer's sake do we wait longer, not even where nobody has set a deadline. */
const LONGEST_WAIT_MS = 2000

/**
 * After nonsense, the other replica may well make sense. But an open circuit means that both are dead: to wait for
 * the end of the break is for those who have the time, and with a quote the other carriers' would wait, too. So it is
 * with who asks to be left alone.
 */
const isWorthAnother = (error: unknown) =>
  ['bad-answer', 'too-large'].includes(reasonOf(error)) ||
  (isTransient(error) && !(error instanceof CircuitOpenError) && retryAfterMs(error) <= LONGEST_WAIT_MS)

/** A refusal is the carrier's and not the replica's, also when it is what the retries have given up on; or it is ours. */
const mayTwinDoBetter = (error: unknown) => !/^(status-4|busy)/.test(reasonOf(error))

/**
 * A carrier's replicas behind the patterns, from the outside in: hedge over the replicas, retry, the carrier's line, a place
 * before the replica, its breaker, and in the exchange the time-out around the HTTP call.
 */
export class Upstream {
  readonly name: string
  readonly replicas: readonly Replica[]
  readonly #maxAttempts: number
  readonly #line: RateLimiter | undefined
  readonly #lineMs: number
  readonly retries = new RetryBudget()
  readonly #metrics: Metrics
  readonly #authorization: Record<string, string>
  // The carriers' 95th percentile lies on the edge between 10 and 80 ms, so a hedge after the 90th, and a budget to match.
  readonly #hedges = new HedgeBudget({ ratio: 0.1 })
  #turn = 0

  constructor(
    { name, replicas, token }: CarrierConfig,
    limits: UpstreamLimits,
    metrics: Metrics,
    onBreakerChange: (news: Pick<BreakerNews, 'replica' | 'from' | 'to'>) => void = () => {},
  ) {
    this.name = name
    this.#authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const endpoints = replicas.map((origin) => `${name} at ${origin}`)
    const breakerOf = breakerPerEndpoint({
      // By failures in a row, which find a dead replica in a second, and by share for one that is merely bad.
      ...limits.breaker,
      probeLeaseMs: 2 * limits.callMs,
      isExcluded: isOwnDelay,
      // A considered no is returned, and so a success; what is thrown may say for how long.
      retryAfterMs: (error) => Math.min(retryAfterMs(error), LONGEST_REST_MS),
      onChange: ({ name, from, to }) => onBreakerChange({ replica: endpoints.indexOf(name), from, to }),
    })
    // One for each replica: a dead one must not close the way to its healthy twin.
    this.replicas = replicas.map((origin, index) => {
      const way = limits.routes && new RoutedSockets(`${name}-${index}`, origin, { ...limits, routes: limits.routes })
      if (way) metrics.watchRoutes({ carrier: name, replica: index, stats: () => way.routes })
      return new Replica(origin, breakerOf(endpoints[index]!), limits, way)
    })
    this.#maxAttempts = limits.attempts
    this.#line = limits.line
    this.#lineMs = limits.lineMs ?? Infinity
    this.#metrics = metrics
  }

  /** @throws CarrierError with the reason, whatever it was */
  async send<T>(exchange: Exchange<T>, patience: Patience, { hedgedBy, ...repeatable }: SendOptions = {}): Promise<T> {
    const first = this.#turn++
    const { priority = 'standard' } = patience
    const evidence = hedgedBy && evidenceFor(hedgedBy)
    let asked = 0
    let paid = 0
    // A retry goes to the next replica, and so does a hedge: the one that has just failed is the worst to ask.
    const tries = async (signal: AbortSignal, hedgeNumber: number) => {
      // Perhaps we are late, and not the replica: timers come before sockets, and its answer may be there, unread.
      if (hedgeNumber > 0) await setImmediate(undefined, { signal })
      const attempt = async (signal: AbortSignal, number: number) => {
        const kind = number > 1 ? 'retry' : hedgeNumber > 0 ? 'hedge' : 'first'
        const replica = this.#replicaFor(first + hedgeNumber + number - 1)
        if (this.#line) {
          const begunAt = performance.now()
          // A hedge that was let in has its unit.
          if (kind === 'hedge' && paid > 0) paid--
          else {
            const refusal = await this.#lineUp({ ...patience, signal })
            // Returned, or whoever writes 03 would ask again: it is an answer of our own, and none of the carrier's.
            if (refusal) return refusal
          }
          // To have stood in line says nothing about how fast the carrier is.
          if (performance.now() - begunAt > 1) evidence?.spoil()
        }
        asked++
        const cameAt = performance.now()
        const work = this.#counted(kind, exchange)
        // By turns of the loop and not by the clock, which on a busy machine goes on while nobody waits for anything.
        let hasWaited = false
        const turn = evidence && globalThis.setImmediate(() => (hasWaited = true))
        const begin: typeof work = (client, patience) => {
          this.#metrics.routeWaits.observe({ carrier: this.name, priority }, (performance.now() - cameAt) / 1000)
          clearImmediate(turn)
          if (hasWaited) evidence?.spoil()
          return work(client, patience)
        }
        try {
          return await replica.ask(begin, { ...patience, signal })
        } catch (error) {
          // As with the line: an answer of our own.
          if (error instanceof BulkheadFullError) return error
          if (isOwnDelay(error)) evidence?.spoil()
          throw error
        }
      }
      const answer = await retry(attempt, {
        ...repeatable,
        maxAttempts: this.#maxAttempts,
        signal,
        deadline: patience.deadline,
        budget: this.retries,
        backoff,
        isTransient: isWorthAnother,
      })
      if (answer instanceof RateLimitedError || answer instanceof BulkheadFullError) throw answer
      return answer
    }
    // A hedge is a favour: it takes what is there, or nothing, and waits for nobody.
    const isLetIn = () => {
      if (!this.#line) return true
      const { allowed } = this.#line.allow()
      if (allowed) paid++
      return allowed
    }
    const hedged = (latency: Evidence) =>
      hedge(tries, {
        signal: patience.signal,
        idempotent: true,
        isRetryable: mayTwinDoBetter,
        latency,
        budget: {
          deposit: () => this.#hedges.deposit(),
          // Once retries have asked as often as they may, nobody begins anew: layers that repeat each other multiply.
          tryWithdraw: () => asked < Math.max(2, this.#maxAttempts) && this.#hedges.tryWithdraw() && isLetIn(),
        },
      })
    try {
      if (msUntil(patience.deadline) <= 0) throw new TimeoutError('There was no time left to begin')
      const answer = await (evidence ? hedged(evidence) : tries(patience.signal, 0))
      if (answer instanceof ResponseError) throw answer
      this.#metrics.outcomes.inc({ carrier: this.name, outcome: 'ok' })
      return answer
    } catch (cause) {
      const outcome = patience.signal.aborted ? 'cancelled' : reasonOf(cause)
      this.#metrics.outcomes.inc({ carrier: this.name, outcome })
      throw new CarrierError(this.name, cause, patience.signal)
    }
  }

  /** Opens what is to be warm, as far as that goes in `timeoutMs`. */
  async prewarm(timeoutMs: number): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.prewarm(timeoutMs)))
  }

  /** Resolves when what is in flight has ended. */
  async close(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.close()))
  }

  /** @returns why there is none within its time */
  async #lineUp({ signal, deadline }: Patience): Promise<RateLimitedError | undefined> {
    try {
      await this.#line?.wait({ signal, deadline: Math.min(deadline, deadlineAfter(this.#lineMs)) })
      return undefined
    } catch (error) {
      if (error instanceof RateLimitedError) return error
      throw error
    }
  }

  /** Counted inside the breaker: what it refuses never leaves the house. */
  #counted<T>(kind: AttemptKind, exchange: Exchange<T>): Work<T | ResponseError> {
    const { attempts, inFlight, seconds } = this.#metrics
    return async (client, patience) => {
      attempts.inc({ carrier: this.name, kind })
      inFlight.inc({ carrier: this.name })
      const begunAt = performance.now()
      let result = 'failed'
      try {
        const work = (headers: AttemptPatience['headers']) =>
          exchange(client, { ...patience, headers: { ...headers, ...this.#authorization } })
        const answer = await inSpan(patience.trace, this.name, { 'parcel.attempt': kind }, work)
        result = 'ok'
        return answer
      } finally {
        if (patience.signal.aborted) result = 'cancelled'
        seconds.observe({ carrier: this.name, result }, (performance.now() - begunAt) / 1000)
        inFlight.dec({ carrier: this.name })
      }
    }
  }

  /** The next in turn whose breaker lets calls through: nobody should wait for one replica while its twin is well. */
  #replicaFor(turn: number): Replica {
    const inTurn = this.replicas.map((_, index) => this.replicas[(turn + index) % this.replicas.length]!)
    return inTurn.find((replica) => !replica.isOpen) ?? inTurn[0]!
  }
}
