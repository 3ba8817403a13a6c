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

const DEFAULTS: RouteLimits = { connections: 8, queue: 64, queueMs: 1000, connectMs: 1000, idleMs: 3000, warm: 0 }

interface Route {
  name: string
  upstream: string
  limits: RouteLimits
}

/** Which routes there are, and which one a call takes. */
export class RouteTable {
  readonly #upstreams: ReadonlyMap<string, Required<UpstreamOptions>>
  readonly #routes = new Map<string, Route>()

  /** @throws RangeError that names the route, the option and its value */
  constructor(upstreams: Upstreams, routes: readonly RouteOptions[]) {
    this.#upstreams = new Map(
      Object.entries(upstreams).map(([name, options]) => [name, { dialsAtOnce: 4, fallback: {}, ...options }]),
    )
    for (const [upstream, { fallback }] of this.#upstreams) this.#add(`${upstream}/default`, upstream, fallback)
    for (const { upstream, priority, idempotent: _, ...limits } of routes)
      this.#add(`${upstream}/${priority}`, upstream, limits)
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
  find({ upstream, priority }: RouteContext): { name: string; isDefault: boolean } {
    const name = `${upstream}/${priority}`
    if (this.#routes.has(name)) return { name, isDefault: false }
    return { name: `${upstream}/default`, isDefault: true }
  }

  /**
   * Sets some limits of a route.
   *
   * @returns all of them, as they are now
   * @throws RangeError for a route that there is none of, and for limits that are none; nothing has changed then
   */
  change(name: string, limits: Partial<RouteLimits>): RouteLimits {
    const route = this.#routes.get(name)!
    return (route.limits = { ...route.limits, ...limits })
  }

  #add(name: string, upstream: string, limits: Partial<RouteLimits>): void {
    this.#routes.set(name, { name, upstream, limits: { ...DEFAULTS, ...limits } })
  }
}
