import type { Dispatcher } from 'undici'
import { createClient } from '#chapters/01-timeouts/client.ts'
import { ConnectionRouter, type RouterStats } from '#chapters/10-connection-routing/router.ts'
import type { CallLimits, Patience, Way } from './replica.ts'

/** What each replica's sockets are divided into; those for all the other calls are `connections` of the limits. */
export interface Routes {
  /** Sockets for bookings. */
  critical: number
  /** Sockets for what can wait. */
  batch: number
  /** Calls of each kind that wait for a socket, at most. */
  queue: number
  /** In the queue, at most, in milliseconds. */
  queueMs: number
  /** After which an idle socket is not used any more, in milliseconds. */
  idleMs: number
  /** Sockets of each kind but batch that are opened before somebody needs them. */
  warm: number
}

/** What a carrier's server must keep idle sockets for, beyond what we do: see chapter 10. */
const MARGIN_MS = 1000
/** As long as Parcel may take to end. */
const FOR_EVER = { timeoutMs: Infinity }

/** The sockets to one replica, by chapter 10's routes, opened with chapter 01's limits. */
export class RoutedSockets implements Way {
  readonly #name: string
  readonly #router: ConnectionRouter
  readonly #socketMs: number
  #since = performance.now()

  constructor(name: string, origin: string, limits: CallLimits & { routes: Routes }) {
    const { critical, batch, queue, queueMs, idleMs, warm } = limits.routes
    const { connections: standard, connectMs, socketMs = Infinity } = limits
    const each = { queue, queueMs, connectMs, idleMs }
    const route = (priority: 'critical' | 'standard' | 'batch', connections: number) => ({
      upstream: name,
      priority,
      ...each,
      connections,
      warm: priority === 'batch' ? 0 : Math.min(warm, connections),
    })
    this.#name = name
    this.#router = new ConnectionRouter({
      upstreams: {
        [name]: {
          origin,
          sockets: critical + standard + batch + 1,
          closesIdleMs: idleMs + MARGIN_MS,
          // Nobody takes it; the metric says so.
          fallback: { ...each, connections: 1 },
        },
      },
      routes: [route('critical', critical), route('standard', standard), route('batch', batch)],
      createClient: (origin, connections) => createClient(origin, { ...limits, connections }),
    })
    this.#socketMs = socketMs
  }

  get routes(): RouterStats {
    return this.#router.stats
  }

  get stats(): { connected: number; queued: number } {
    const all = Object.values(this.#router.stats.routes)
    const sum = (of: 'connected' | 'queued') => all.reduce((sum, route) => sum + route[of], 0)
    return { connected: sum('connected'), queued: sum('queued') }
  }

  /** Reads, and bookings with a key: to send any of them twice does no harm. */
  run<T>(
    exchange: (client: Dispatcher, signal: AbortSignal) => Promise<T>,
    { signal, priority = 'standard' }: Patience,
  ): Promise<T> {
    this.#renew()
    return this.#router.run({ upstream: this.#name, priority, idempotent: true }, exchange, signal)
  }

  prewarm(timeoutMs: number): Promise<unknown> {
    return this.#router.prewarm({ timeoutMs })
  }

  close(): Promise<void> {
    return this.#router.close(FOR_EVER)
  }

  /** A replica that has moved would be called where it was, for as long as its sockets are used. */
  #renew(): void {
    const now = performance.now()
    if (now - this.#since < this.#socketMs) return
    this.#since = now
    for (const name of Object.keys(this.#router.stats.routes)) this.#router.replace(name, {})
  }
}
