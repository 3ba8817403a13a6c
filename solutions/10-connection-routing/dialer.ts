import { type Dispatcher, errors, Pool } from 'undici'
import { LocalResourceError, RouterClosedError, TimeoutError } from '../../shared/core/errors.ts'
import type { UpstreamOptions } from './routes.ts'

/** Makes what opens at most so many sockets to an origin, and none before it is asked. */
export type CreateClient = (origin: string, connections: number) => Pool

/** HTTP/1.1 only: in HTTP/2, a hundred calls share a socket, and a number of sockets limits nothing. */
export const defaultClient: CreateClient = (origin, connections) => new Pool(origin, { connections, allowH2: false })

type DialerOptions = Pick<Required<UpstreamOptions>, 'origin' | 'dialsAtOnce'> & { createClient: CreateClient }

/** What runs out on this machine, by the error that tells so, and where there is more of it. */
const RESOURCES: Record<string, [resource: string, knob: string]> = {
  EMFILE: ['file descriptors of this process', 'ulimit -n'],
  ENFILE: ['file descriptors of the whole system', 'fs.file-max'],
  EADDRNOTAVAIL: ['local ports', 'net.ipv4.ip_local_port_range'],
  ENOBUFS: ['memory for sockets', 'net.ipv4.tcp_mem'],
}

/**
 * Opens sockets to one upstream, a few at a time: an upstream that has just restarted is busy enough with the
 * handshakes of a few. Who asks for one may leave meanwhile; it is opened all the same.
 */
export class Dialer {
  readonly #options: DialerOptions
  readonly #line: (() => void)[] = []
  readonly #opening = new Set<AbortController>()
  #dialing = 0
  #isClosed = false

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
  async dial(connectMs: number): Promise<Dispatcher> {
    if (this.#dialing < this.#options.dialsAtOnce) this.#dialing++
    else await new Promise<void>((resolve) => this.#line.push(resolve))
    try {
      if (this.#isClosed) throw closed()
      return await this.#open(connectMs)
    } finally {
      const next = this.#line.shift()
      // The place is handed over, and so never free for a newcomer.
      if (next) next()
      else this.#dialing--
    }
  }

  /** Ends all that are under way. */
  close(): void {
    this.#isClosed = true
    for (const stop of this.#opening) stop.abort(closed())
  }

  async #open(connectMs: number): Promise<Dispatcher> {
    const { origin, createClient } = this.#options
    const client = createClient(origin, 1)
    const stop = new AbortController()
    this.#opening.add(stop)
    // Our own, because undici's clock for this has ticks of half a second: its 100 ms may be 1,000. It is the upstream that
    // was late, as undici says it.
    const timer = setTimeout(() => {
      const message = `No connection to ${origin} in ${connectMs} ms`
      stop.abort(new TimeoutError(message, { cause: new errors.ConnectTimeoutError(message), elapsedMs: connectMs }))
    }, connectMs)
    try {
      await new Promise<void>((resolve, reject) => {
        const connecting = client.compose(untilOpen(resolve))
        connecting.request({ method: 'GET', path: '/', signal: stop.signal }).catch(reject)
      })
      return client
    } catch (error) {
      void client.destroy()
      const lack = RESOURCES[String((error as NodeJS.ErrnoException).code)]
      throw lack ? new LocalResourceError(...lack, error) : error
    } finally {
      clearTimeout(timer)
      this.#opening.delete(stop)
    }
  }
}

const closed = () => new RouterClosedError('The router is closed, and opens no more sockets')

/**
 * undici opens a socket for a request, and not without one. This one is called off when its socket is there, before the
 * first byte is written: who throws then loses the request, and keeps the socket.
 */
const untilOpen =
  (onOpen: () => void): Dispatcher.DispatcherComposeInterceptor =>
  (dispatch) =>
  (options, handler) => {
    handler.onRequestStart = () => {
      onOpen()
      throw new Error('Only the socket was wanted')
    }
    return dispatch(options, handler)
  }
