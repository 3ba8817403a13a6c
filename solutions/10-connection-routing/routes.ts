import { inspect } from 'node:util'
import { checkOptions, count, type Rule } from '../../shared/core/options.ts'
import { MAX_TIMER_MS } from '../../shared/core/sleep.ts'

export const PRIORITIES = ['critical', 'standard', 'batch'] as const
export type Priority = (typeof PRIORITIES)[number]

/** What a call is: by this, it finds its route. */
export interface RouteContext {
  upstream: string
  priority: Priority
  /** Whether to do it twice does no harm (RFC 9110, section 9.2.2). */
  idempotent: boolean
}

/** Whole numbers, all of them; milliseconds up to 2³¹−1. */
export interface RouteLimits {
  /** Calls at a time, each with a socket of its own: 1 or more. Default: 8. */
  connections: number
  /** Calls that wait for one of these to end: 0 or more. Default: 64. */
  queue: number
  /** In the queue, at most: 1 ms or more. Default: 1,000. */
  queueMs: number
  /** To open a socket, TLS included: 1 ms or more. Default: 1,000. */
  connectMs: number
  /** A socket that has been idle for so long is not used any more: 1 ms or more. Default: 3,000. */
  idleMs: number
  /** Sockets that `prewarm` opens: 0 to `connections`. Default: 0. */
  warm: number
}

export interface UpstreamOptions {
  /** Such as `http://10.0.0.1:80`. */
  origin: string
  /** To this upstream at most, of all its routes together, the default's included: 1 or more. */
  sockets: number
  /** After which the upstream closes an idle connection: a whole number of milliseconds. */
  closesIdleMs: number
  /** Sockets that are being opened at a time, of all its routes: 1 or more. Default: 4. */
  dialsAtOnce?: number
  /** Of the default route, for what no other fits. */
  fallback?: Partial<RouteLimits>
}

export interface RouteOptions extends Partial<RouteLimits> {
  upstream: string
  priority: Priority
  /** For idempotent calls only, or only for those that are not. Default: for both. */
  idempotent?: boolean
}

export type Upstreams = Readonly<Record<string, UpstreamOptions>>

/** A request that leaves in the moment in which the upstream closes the socket is lost: nobody uses one so late. */
const MARGIN_MS = 1000

const DEFAULTS: RouteLimits = { connections: 8, queue: 64, queueMs: 1000, connectMs: 1000, idleMs: 3000, warm: 0 }

const none: Rule = [(value) => Number.isSafeInteger(value) && value >= 0, 'a whole number, 0 or more']
const wholeMs: Rule = [
  (value) => count[0](value) && value <= MAX_TIMER_MS,
  `a whole number of milliseconds, from 1 to ${MAX_TIMER_MS}`,
]
const RULES: Record<keyof RouteLimits, Rule> = {
  connections: count,
  queue: none,
  queueMs: wholeMs,
  connectMs: wholeMs,
  idleMs: wholeMs,
  warm: none,
}
const UPSTREAM_RULES = { sockets: count, closesIdleMs: wholeMs, dialsAtOnce: count }

interface Route {
  name: string
  upstream: string
  limits: RouteLimits
}

/** Which routes there are, and which one a call takes: a typo is found when the process starts, and not in the traffic. */
export class RouteTable {
  readonly #upstreams: ReadonlyMap<string, Required<UpstreamOptions>>
  readonly #routes = new Map<string, Route>()

  /** @throws RangeError that names the route, the option and its value */
  constructor(upstreams: Upstreams, routes: readonly RouteOptions[]) {
    this.#upstreams = new Map(Object.entries(upstreams).map(([name, options]) => [name, upstreamOf(name, options)]))
    for (const [upstream, { fallback }] of this.#upstreams) this.#add(defaultOf(upstream), upstream, fallback)
    for (const { upstream, priority, idempotent, ...limits } of routes) {
      const name = nameOf(upstream, priority, idempotent)
      if (!PRIORITIES.includes(priority)) throw wrong(name, 'priority', PRIORITIES.join(', '), priority)
      if (!['boolean', 'undefined'].includes(typeof idempotent))
        throw wrong(name, 'idempotent', 'true, false or nothing', idempotent)
      this.#add(name, upstream, limits)
    }
    for (const [upstream, { sockets }] of this.#upstreams) this.#checkBudget(upstream, this.#routes, sockets)
  }

  get routes(): Iterable<Readonly<Route>> {
    return this.#routes.values()
  }

  get upstreams(): Iterable<[string, Required<UpstreamOptions>]> {
    return this.#upstreams
  }

  /**
   * The route of a call: for its idempotency, for either, or else the upstream's default, which nobody has meant.
   *
   * @throws RangeError for an upstream that there is none of
   */
  find({ upstream, priority, idempotent }: RouteContext): { name: string; isDefault: boolean } {
    if (!this.#upstreams.has(upstream)) throw noSuch('upstream', upstream, this.#upstreams)
    // What is no priority must not be found as the end of another name, such as `default`.
    const names = PRIORITIES.includes(priority)
      ? [nameOf(upstream, priority, idempotent), nameOf(upstream, priority)]
      : []
    const name = names.find((name) => this.#routes.has(name))
    return name === undefined ? { name: defaultOf(upstream), isDefault: true } : { name, isDefault: false }
  }

  /**
   * Sets some limits of a route.
   *
   * @returns all of them, as they are now
   * @throws RangeError for a route that there is none of, and for limits that are none; nothing has changed then
   */
  change(name: string, limits: Partial<RouteLimits>): RouteLimits {
    const route = this.#routes.get(name)
    if (!route) throw noSuch('route', name, this.#routes)
    const upstream = this.#upstreams.get(route.upstream)!
    const changed = { ...route, limits: limitsOf(name, limits, upstream, route.limits) }
    const routes = new Map(this.#routes).set(name, changed)
    this.#checkBudget(route.upstream, routes, upstream.sockets)
    this.#routes.set(name, changed)
    return changed.limits
  }

  #add(name: string, upstream: string, limits: Partial<RouteLimits>): void {
    const options = this.#upstreams.get(upstream)
    if (!options) throw wrong(name, 'upstream', namesOf(this.#upstreams), upstream)
    if (this.#routes.has(name)) throw new RangeError(`${name} is there twice`)
    this.#routes.set(name, { name, upstream, limits: limitsOf(name, limits, options) })
  }

  #checkBudget(upstream: string, routes: ReadonlyMap<string, Route>, sockets: number): void {
    const own = [...routes.values()].filter((route) => route.upstream === upstream)
    const sum = own.reduce((sum, { limits }) => sum + limits.connections, 0)
    if (sum <= sockets) return
    const each = own.map(({ name, limits }) => `${name} ${limits.connections}`).join(', ')
    throw new RangeError(
      `${upstream}: sockets must be at least the connections of all its routes (${each}), ${sum} in all; got ${sockets}`,
    )
  }
}

const defaultOf = (upstream: string) => `${upstream}/default`

function nameOf(upstream: string, priority: string, idempotent?: boolean): string {
  const which = idempotent === undefined ? '' : idempotent ? '/idempotent' : '/once'
  return `${upstream}/${priority}${which}`
}

function upstreamOf(name: string, options: UpstreamOptions): Required<UpstreamOptions> {
  const { origin, dialsAtOnce = 4, fallback = {}, sockets, closesIdleMs, ...others } = options
  refuseOthers(name, others)
  check(name, { sockets, closesIdleMs, dialsAtOnce }, UPSTREAM_RULES)
  if (!URL.canParse(origin)) throw wrong(name, 'origin', 'a URL such as http://10.0.0.1:80', origin)
  return { origin, sockets, closesIdleMs, dialsAtOnce, fallback }
}

function limitsOf(
  name: string,
  given: Partial<RouteLimits>,
  { closesIdleMs }: Pick<UpstreamOptions, 'closesIdleMs'>,
  defaults = DEFAULTS,
): RouteLimits {
  const { connections, queue, queueMs, connectMs, idleMs, warm, ...others } = given
  refuseOthers(name, others)
  const own = Object.entries({ connections, queue, queueMs, connectMs, idleMs, warm })
  const limits: RouteLimits = { ...defaults, ...Object.fromEntries(own.filter(([, value]) => value !== undefined)) }
  check(name, limits, RULES)
  const atMost = (most: number, why: string): Rule => [(value) => value <= most, `at most ${most}, ${why}`]
  check(name, limits, {
    warm: atMost(limits.connections, 'its connections'),
    idleMs: atMost(closesIdleMs - MARGIN_MS, `a second less than the upstream’s closesIdleMs`),
  })
  return limits
}

/** As `checkOptions`, with the name of whose options they are. */
function check<K extends string>(whose: string, options: Record<K, number>, rules: Partial<Record<K, Rule>>): void {
  for (const [option, rule] of Object.entries(rules) as [K, Rule][])
    checkOptions({ [`${whose}: ${option}`]: options[option] }, { [`${whose}: ${option}`]: rule })
}

function refuseOthers(whose: string, others: object): void {
  for (const [option, value] of Object.entries(others))
    if (value !== undefined) throw new RangeError(`${whose}: there is no option ${option}; got ${inspect(value)}`)
}

const namesOf = (those: ReadonlyMap<string, unknown>) => [...those.keys()].join(', ')

const noSuch = (what: string, name: string, those: ReadonlyMap<string, unknown>) =>
  new RangeError(`There is no ${what} ${inspect(name)}; there are ${namesOf(those)}`)

const wrong = (whose: string, option: string, takes: string, value: unknown) =>
  new RangeError(`${whose}: ${option} must be one of: ${takes}; got ${inspect(value)}`)
