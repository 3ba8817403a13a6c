import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { FastifyBaseLogger } from 'fastify'
import type { RouterStats } from '#chapters/10-connection-routing/router.ts'
import { reasonOf } from './reasons.ts'

/** Seconds; finest where Parcel's limits are, because a quantile cannot be sharper than its bucket. */
export const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10]

/** What a breaker can be in; one-hot, as a state is not a quantity that one could average. */
export const BREAKER_STATES = ['closed', 'open', 'half-open'] as const

/** Why a request went out: the first of its call, again after a failure, or beside one that is late. */
export type AttemptKind = 'first' | 'retry' | 'hedge'

/** A replica's breaker, seen from outside. */
interface Watched {
  carrier: string
  replica: number
  /** Default: calls. */
  pool?: PoolName
  breaker: { readonly state: { readonly status: string } }
}

/** For what a pool of sockets to a replica is, and the breaker before it. */
export type PoolName = 'calls' | 'streams'

interface WatchedPool {
  carrier: string
  replica: number
  pool: PoolName
  /** Sockets that are open, and calls that wait for one. */
  stats: () => { readonly connected: number; readonly queued: number }
}

interface WatchedBudget {
  carrier: string
  /** What is left; asked when somebody collects. */
  balance: () => number
}

interface WatchedRoutes {
  carrier: string
  replica: number
  stats: () => RouterStats
}

interface WatchedLine {
  carrier: string
  /** Who stands in it. */
  waiting: () => number
}

/** What a breaker tells when it changes; `cause` is the failure that opened it. */
export interface BreakerNews {
  carrier: string
  replica: number
  pool: PoolName
  from: string
  to: { readonly status: string; readonly retryAfterMs?: number; readonly cause?: unknown }
}

/** What is measured of the carriers. What is asked for, and not told, is right also for what has never changed. */
export function createCarrierMetrics(registry: Registry) {
  const registers = [registry]
  const breakers: Watched[] = []
  const pools: WatchedPool[] = []
  const budgets: WatchedBudget[] = []
  const lines: WatchedLine[] = []
  const routers: WatchedRoutes[] = []
  const stateGauge = (name: string, whose: string, of: PoolName) =>
    new Gauge({
      name,
      help: `1 for the state that the breaker of ${whose} is in, 0 for the others`,
      labelNames: ['carrier', 'replica', 'state'],
      registers,
      collect() {
        for (const { carrier, replica, pool = 'calls', breaker } of breakers) {
          if (pool !== of) continue
          const status = statusOf(breaker)
          for (const state of BREAKER_STATES) this.set({ carrier, replica, state }, state === status ? 1 : 0)
        }
      },
    })
  stateGauge('parcel_stream_breaker_state', 'the streams of a carrier’s replica', 'streams')
  const poolGauge = (name: string, help: string, of: 'connected' | 'queued') =>
    new Gauge({
      name,
      help,
      labelNames: ['carrier', 'replica', 'pool'],
      registers,
      collect() {
        for (const { carrier, replica, pool, stats } of pools) this.set({ carrier, replica, pool }, stats()[of])
      },
    })
  poolGauge('parcel_carrier_sockets', 'Open sockets to a carrier’s replica', 'connected')
  poolGauge('parcel_carrier_queued', 'HTTP requests that wait for a socket to a carrier’s replica', 'queued')
  const statsOf = ({ stats }: WatchedRoutes): RouterStats => {
    try {
      return stats()
    } catch {
      // As with a breaker: somebody is writing it.
      return { unknown: 0, routes: {} }
    }
  }
  const routeGauge = (name: string, help: string, of: 'connected' | 'queued' | 'running') =>
    new Gauge({
      name,
      help,
      labelNames: ['carrier', 'replica', 'route'],
      registers,
      collect() {
        for (const router of routers)
          for (const [name, route] of Object.entries(statsOf(router).routes))
            this.set({ carrier: router.carrier, replica: router.replica, route: routeOf(name) }, route[of])
      },
    })
  routeGauge('parcel_route_sockets', 'Open sockets of a route to a carrier’s replica', 'connected')
  routeGauge('parcel_route_queued', 'Calls that wait for a place on a route', 'queued')
  routeGauge('parcel_route_running', 'Calls that have a place on a route', 'running')
  void new Counter({
    name: 'parcel_route_refused_total',
    help: 'Calls for which a route had no place, as its queue was full, or they had waited for too long',
    labelNames: ['carrier', 'replica', 'route', 'why'],
    registers,
    collect() {
      this.reset()
      for (const router of routers)
        for (const [name, { refused, waited }] of Object.entries(statsOf(router).routes)) {
          const labels = { carrier: router.carrier, replica: router.replica, route: routeOf(name) }
          this.inc({ ...labels, why: 'full' }, refused)
          this.inc({ ...labels, why: 'waited' }, waited)
        }
    },
  })
  void new Counter({
    name: 'parcel_route_stale_total',
    help: 'Requests that were sent again by another socket, because an idle one had died before they came',
    labelNames: ['carrier', 'replica', 'route'],
    registers,
    collect() {
      this.reset()
      for (const router of routers)
        for (const [name, { stale }] of Object.entries(statsOf(router).routes))
          this.inc({ carrier: router.carrier, replica: router.replica, route: routeOf(name) }, stale)
    },
  })
  void new Counter({
    name: 'parcel_route_unknown_total',
    help: 'Calls for which nobody has thought of a route',
    labelNames: ['carrier', 'replica'],
    registers,
    collect() {
      this.reset()
      for (const router of routers)
        this.inc({ carrier: router.carrier, replica: router.replica }, statsOf(router).unknown)
    },
  })
  void new Gauge({
    name: 'parcel_carrier_retry_budget',
    help: 'Retries that the budget of a carrier has left; below 1 there is none',
    labelNames: ['carrier'],
    registers,
    collect() {
      for (const { carrier, balance } of budgets) this.set({ carrier }, balance())
    },
  })
  void new Gauge({
    name: 'parcel_carrier_line',
    help: 'Calls that wait for their turn, where a carrier takes only so many a second',
    labelNames: ['carrier'],
    registers,
    collect() {
      for (const { carrier, waiting } of lines) this.set({ carrier }, waiting())
    },
  })
  return {
    breakers: stateGauge('parcel_carrier_breaker_state', 'a carrier’s replica', 'calls'),
    watchBreaker: (breaker: Watched) => void breakers.push(breaker),
    watchPool: (pool: WatchedPool) => void pools.push(pool),
    watchRetryBudget: (budget: WatchedBudget) => void budgets.push(budget),
    watchLine: (line: WatchedLine) => void lines.push(line),
    watchRoutes: (routes: WatchedRoutes) => void routers.push(routes),
    routeWaits: new Histogram({
      name: 'parcel_route_wait_seconds',
      help: 'Time until a call has a place on its route, by how urgent it is',
      labelNames: ['carrier', 'priority'],
      buckets: BUCKETS,
      registers,
    }),
    breakerChanges: new Counter({
      name: 'parcel_carrier_breaker_changes_total',
      help: 'How often the breaker of a carrier’s replica came into a state; a short break fits between two scrapes',
      labelNames: ['carrier', 'replica', 'pool', 'to'],
      registers,
    }),
    seconds: new Histogram({
      name: 'parcel_carrier_seconds',
      help: 'Time of one HTTP request to a carrier, opening a socket included; ok, failed, or cancelled by us',
      labelNames: ['carrier', 'result'],
      buckets: BUCKETS,
      registers,
    }),
    attempts: new Counter({
      name: 'parcel_carrier_attempts_total',
      help: 'HTTP requests to a carrier: the first of a call, its retries, and its hedges (with theirs)',
      labelNames: ['carrier', 'kind'],
      registers,
    }),
    outcomes: new Counter({
      name: 'parcel_carrier_outcomes_total',
      help: 'How asking a carrier ended after all attempts: ok, or the reason as in `missing`',
      labelNames: ['carrier', 'outcome'],
      registers,
    }),
    inFlight: new Gauge({
      name: 'parcel_carrier_in_flight',
      help: 'HTTP requests to a carrier that wait for its answer',
      labelNames: ['carrier'],
      registers,
    }),
  }
}

/** `critical` of `pigeon-0/critical`. */
const routeOf = (name: string) => name.slice(name.indexOf('/') + 1)

/** A breaker that throws when asked (somebody is writing it) must not take the other metrics along. */
function statusOf(breaker: Watched['breaker']): string | undefined {
  try {
    return breaker.state.status
  } catch {
    return undefined
  }
}

/** For an upstream's breakers: each change is counted, and one line in the log. */
export const breakerNews =
  ({ breakerChanges }: Pick<ReturnType<typeof createCarrierMetrics>, 'breakerChanges'>, log: FastifyBaseLogger) =>
  ({ carrier, replica, pool, from, to: { status, retryAfterMs, cause } }: BreakerNews): void => {
    breakerChanges.inc({ carrier, replica, pool, to: status })
    const isOpen = status === 'open'
    const why = isOpen && { reason: cause === undefined ? 'slow' : reasonOf(cause), retryAfterMs }
    log[isOpen ? 'warn' : 'info']({ carrier, replica, pool, from, to: status, ...why }, `breaker ${status}`)
  }
