import type { Dispatcher } from 'undici'
import { neverAborts } from '../../shared/core/never-aborts.ts'
import type { BulkheadStats } from './bulkhead.ts'
import { type CreateClient, defaultClient } from './dialer.ts'
import type { RouteContext, RouteLimits, RouteOptions, Upstreams } from './routes.ts'
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

/** One pool an upstream; whoever is first is served first. */
export class ConnectionRouter {
  readonly #upstreams: ReadonlyMap<string, Sockets>

  /** @throws RangeError that names the route, the option and its value */
  constructor({ upstreams, createClient = defaultClient }: RouterOptions) {
    this.#upstreams = new Map(
      Object.entries(upstreams).map(([name, { origin, sockets }]) => [
        name,
        new Sockets({ origin, createClient }, { connections: sockets }),
      ]),
    )
  }

  get stats(): RouterStats {
    const routes = [...this.#upstreams].map(([name, sockets]) => {
      const { running, queued } = sockets.pool.stats
      return [`${name}/default`, { running, queued, refused: 0, waited: 0, ...sockets.stats }]
    })
    return { unknown: 0, routes: Object.fromEntries(routes) }
  }

  /**
   * Runs `exchange` once its route has a place for it. What it has not read when it is over goes with its socket: whoever
   * wants a stream reads it inside.
   *
   * @throws BulkheadFullError when there is no place to be had; nothing has begun then
   * @throws the reason of `signal` as soon as it aborts, and RouterClosedError after `close`
   * @throws RangeError for an upstream that there is none of
   */
  async run<T>({ upstream }: RouteContext, exchange: RoutedExchange<T>, signal: AbortSignal = neverAborts): Promise<T> {
    const lease = new Lease(this.#upstreams.get(upstream)!)
    try {
      return await exchange(lease, signal)
    } finally {
      lease.end()
    }
  }

  /**
   * Sets some limits of a route, for what comes from now on: whoever is under way or in the queue is served. Its sockets
   * are opened anew, also with the same limits, and so to where DNS points by now.
   *
   * @throws RangeError for a route that there is none of, and for limits that are none; nothing has changed then
   */
  replace(name: string, _limits: Partial<RouteLimits>): void {
    this.#upstreams.get(name.split('/')[0]!)?.renew()
  }

  /**
   * Opens each route's `warm` sockets, without a request. An upstream that refuses one is not knocked on again.
   *
   * @returns how many there were to be, and how many there are, after `timeoutMs` at most; never rejects for an upstream
   * @throws RangeError for a `timeoutMs` that is none
   */
  async prewarm(_options: { timeoutMs: number }): Promise<{ wanted: number; opened: number }> {
    return { wanted: 0, opened: 0 }
  }

  /**
   * Takes no more calls, and serves those that it has; after `timeoutMs`, what is left hears a RouterClosedError. Resolves
   * when all sockets are closed.
   *
   * @throws RangeError for a `timeoutMs` that is none
   */
  async close(_options: { timeoutMs: number }): Promise<void> {
    await Promise.all([...this.#upstreams.values()].map((sockets) => sockets.close()))
  }
}
