import { type Dispatcher, Pool } from 'undici'
import type { UpstreamOptions } from './routes.ts'

/** Makes what opens at most so many sockets to an origin, and none before it is asked. */
export type CreateClient = (origin: string, connections: number) => Pool

/** HTTP/1.1 only: in HTTP/2, a hundred calls share a socket, and a number of sockets limits nothing. */
export const defaultClient: CreateClient = (origin, connections) => new Pool(origin, { connections, allowH2: false })

type DialerOptions = Pick<Required<UpstreamOptions>, 'origin' | 'dialsAtOnce'> & { createClient: CreateClient }

/** Opens sockets to one upstream. */
export class Dialer {
  readonly #options: DialerOptions

  constructor(options: DialerOptions) {
    this.#options = options
  }

  /**
   * A client with one socket, which is open.
   *
   * @param connectMs for the handshakes; what one waits here for others' does not count
   * @throws TimeoutError (its cause is undici's ConnectTimeoutError), LocalResourceError, RouterClosedError, or whatever the
   * system says
   */
  async dial(_connectMs: number): Promise<Dispatcher> {
    const { origin, createClient } = this.#options
    // It opens its socket with its first request.
    return createClient(origin, 1)
  }

  /** Ends all that are under way. */
  close(): void {}
}
