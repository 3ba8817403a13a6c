import type { Dispatcher } from 'undici'
import { RouterClosedError } from '../../shared/core/errors.ts'
import { neverAborts } from '../../shared/core/never-aborts.ts'
import { checkOptions, limitMs } from '../../shared/core/options.ts'
import { MAX_TIMER_MS } from '../../shared/core/sleep.ts'
import { Bulkhead, type BulkheadStats } from './bulkhead.ts'
import { type CreateClient, defaultClient, Dialer } from './dialer.ts'
import { type RouteContext, type RouteLimits, type RouteOptions, RouteTable, type Upstreams } from './routes.ts'
import { Lease, Sockets, type SocketStats } from './sockets.ts'

export interface RouterOptions {
  /** By name. */
  upstreams: Upstreams
  routes: readonly RouteOptions[]
  /** How sockets are opened. Default: an undici Pool that speaks HTTP/1.1. */
  createClient?: CreateClient
  /** Is told of each call that has no route of its own, and takes its upstream's default. */
  onUnknown?: (context: RouteContext) => void
}

export interface RouterStats {
  /** Calls that took a default route, so far. */
  unknown: number
  /** By the route's name, also those that nobody has used yet. */
  routes: Readonly<Record<string, BulkheadStats & SocketStats>>
}

/** Some work that sends its requests by `dispatcher`, and stops when `signal` aborts. */
export type RoutedExchange<T> = (dispatcher: Dispatcher, signal: AbortSignal) => Promise<T>

interface Route {
  upstream: string
  bulkhead: Bulkhead
  sockets: Sockets
}

/**
 * A few routes to each upstream, with sockets and a queue each: so the calls of one kind wait for each other, and not for
 * those of another. Which routes there are is known when it starts.
 */
export class ConnectionRouter {
  readonly #table: RouteTable
  readonly #routes: ReadonlyMap<string, Route>
  readonly #dialers: ReadonlyMap<string, Dialer>
  readonly #onUnknown: (context: RouteContext) => void
  #unknown = 0
  /** One for each call, to cut it off by. */
  readonly #calls = new Set<AbortController>()
  #closed: Promise<void> | undefined

  /** @throws RangeError that names the route, the option and its value */
  constructor({ upstreams, routes, createClient = defaultClient, onUnknown = () => {} }: RouterOptions) {
    this.#table = new RouteTable(upstreams, routes)
    this.#dialers = new Map(
      [...this.#table.upstreams].map(([name, options]) => [name, new Dialer({ ...options, createClient })]),
    )
    this.#routes = new Map(
      [...this.#table.routes].map(({ name, upstream, limits }): [string, Route] => {
        const bulkhead = new Bulkhead(name, { ...limits, concurrency: limits.connections })
        return [name, { upstream, bulkhead, sockets: new Sockets(this.#dialers.get(upstream)!, limits) }]
      }),
    )
    this.#onUnknown = onUnknown
  }

  get stats(): RouterStats {
    const routes = [...this.#routes].map(([name, { bulkhead, sockets }]) => [
      name,
      { ...bulkhead.stats, ...sockets.stats },
    ])
    return { unknown: this.#unknown, routes: Object.fromEntries(routes) }
  }

  /**
   * Runs `exchange` once its route has a place for it. What it has not read when it is over goes with its socket: whoever
   * wants a stream reads it inside.
   *
   * @throws BulkheadFullError when there is no place to be had; nothing has begun then
   * @throws the reason of `signal` as soon as it aborts, and RouterClosedError after `close`
   * @throws RangeError for an upstream that there is none of
   */
  async run<T>(context: RouteContext, exchange: RoutedExchange<T>, signal: AbortSignal = neverAborts): Promise<T> {
    const { bulkhead, sockets } = this.#routeOf(context)
    signal.throwIfAborted()
    const call = new AbortController()
    const onAbort = () => call.abort(signal.reason)
    signal.addEventListener('abort', onAbort)
    this.#calls.add(call)
    try {
      return await bulkhead.run(async (signal) => {
        const lease = new Lease(sockets, { isIdempotent: context.idempotent })
        try {
          return await unlessAborted(exchange(lease, signal), signal)
        } finally {
          lease.end()
        }
      }, call.signal)
    } finally {
      this.#calls.delete(call)
      signal.removeEventListener('abort', onAbort)
    }
  }

  /**
   * Sets some limits of a route, for what comes from now on: whoever is under way or in the queue is served. Its sockets
   * are opened anew, also with the same limits, and so to where DNS points by now.
   *
   * @throws RangeError for a route that there is none of, and for limits that are none; nothing has changed then
   */
  replace(name: string, limits: Partial<RouteLimits>): void {
    const changed = this.#table.change(name, limits)
    const { bulkhead, sockets } = this.#routes.get(name)!
    sockets.renew(changed)
    bulkhead.limits = { ...changed, concurrency: changed.connections }
  }

  /**
   * Opens each route's `warm` sockets, without a request. An upstream that refuses one is not knocked on again.
   *
   * @returns how many there were to be, and how many there are, after `timeoutMs` at most; never rejects for an upstream
   * @throws RangeError for a `timeoutMs` that is none
   */
  async prewarm({ timeoutMs }: { timeoutMs: number }): Promise<{ wanted: number; opened: number }> {
    checkOptions({ timeoutMs }, { timeoutMs: limitMs })
    const over = new AbortController()
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, Math.min(timeoutMs, MAX_TIMER_MS))
    await Promise.race([late, Promise.all([...this.#table.upstreams].map(([name]) => this.#warm(name, over.signal)))])
    over.abort()
    clearTimeout(timer)
    const all = [...this.#table.routes].map(({ name, limits: { warm } }) => ({
      wanted: warm,
      opened: Math.min(warm, this.#routes.get(name)!.sockets.stats.connected),
    }))
    const sum = (of: 'wanted' | 'opened') => all.reduce((sum, each) => sum + each[of], 0)
    return { wanted: sum('wanted'), opened: sum('opened') }
  }

  /**
   * Takes no more calls, and serves those that it has; after `timeoutMs`, what is left hears a RouterClosedError. Resolves
   * when all sockets are closed.
   *
   * @throws RangeError for a `timeoutMs` that is none
   */
  close({ timeoutMs }: { timeoutMs: number }): Promise<void> {
    checkOptions({ timeoutMs }, { timeoutMs: limitMs })
    return (this.#closed ??= this.#close(timeoutMs))
  }

  async #close(timeoutMs: number): Promise<void> {
    const cutOff = () => {
      const error = new RouterClosedError(`The router closes, and this call did not come to its end in ${timeoutMs} ms`)
      for (const call of this.#calls) call.abort(error)
    }
    const timer = setTimeout(cutOff, Math.min(timeoutMs, MAX_TIMER_MS))
    const routes = [...this.#routes.values()]
    await Promise.all(routes.map(({ bulkhead }) => bulkhead.close()))
    clearTimeout(timer)
    for (const dialer of this.#dialers.values()) dialer.close()
    await Promise.all(routes.map(({ sockets }) => sockets.close()))
  }

  #routeOf(context: RouteContext): Route {
    const { name, isDefault } = this.#table.find(context)
    if (isDefault) {
      this.#unknown++
      this.#onUnknown(context)
    }
    return this.#routes.get(name)!
  }

  async #warm(upstream: string, over: AbortSignal): Promise<void> {
    const routes = [...this.#routes.values()].filter((route) => route.upstream === upstream)
    let isWell = true
    const knock = async () => {
      for (let cold; isWell && !over.aborted && (cold = routes.find(({ sockets }) => !sockets.isWarm));)
        isWell = (await cold.sockets.dial()) && isWell
    }
    const { dialsAtOnce } = new Map(this.#table.upstreams).get(upstream)!
    await Promise.all(Array.from({ length: dialsAtOnce }, knock))
  }
}

/**
 * `work`, unless `signal` aborts first; then it rejects with its reason, and what becomes of `work` is nobody's. The signal
 * is the call's own, and ends with it: nobody has to take the listener away.
 */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    work.then(resolve, reject)
  })
}
