import { Dispatcher, type Pool } from 'undici'
import type { CreateClient } from './dialer.ts'
import type { RouteLimits } from './routes.ts'

export interface SocketStats {
  /** Sockets that are open. */
  connected: number
  /** Those of them that nobody uses. */
  free: number
  /** Sockets that are being opened, or wait for their turn to be. */
  dialing: number
  /** Sockets that were opened, so far. */
  dialed: number
  /** Sockets that could not be opened. */
  dialFailed: number
  /** Sockets that were closed because of an answer that nobody had read to its end. */
  dropped: number
  /** Requests that were sent again, because an idle socket had died before they came. */
  stale: number
}

interface SocketsOptions {
  origin: string
  createClient: CreateClient
}

/** The sockets of one route: undici has a pool for that. */
export class Sockets {
  readonly #create: () => Pool
  pool: Pool

  constructor({ origin, createClient }: SocketsOptions, { connections }: Pick<RouteLimits, 'connections'>) {
    this.#create = () => createClient(origin, connections)
    this.pool = this.#create()
  }

  get stats(): SocketStats {
    const { connected, free } = this.pool.stats
    return { connected, free, dialing: 0, dialed: 0, dialFailed: 0, dropped: 0, stale: 0 }
  }

  /** From now on with sockets that are new. */
  renew(): void {
    void this.pool.close()
    this.pool = this.#create()
  }

  /** Closes all of them, when those who use them are served. */
  close(): Promise<void> {
    return this.pool.close()
  }
}

/** What an exchange sends its requests by. */
export class Lease extends Dispatcher {
  readonly #pool: Dispatcher

  constructor({ pool }: Sockets) {
    super()
    this.#pool = pool
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return this.#pool.dispatch(options, handler)
  }

  /** The exchange is over. */
  end(): void {}
}
