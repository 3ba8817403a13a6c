import { Dispatcher } from 'undici'
import { RouterClosedError } from '../../shared/core/errors.ts'
import type { Dialer } from './dialer.ts'
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

/** A client with one connection, which is open. */
interface Socket {
  client: Dispatcher
  /** It was opened for whoever has it, and has never been idle. */
  isFresh: boolean
  idleSince: number
  /** After a `renew`, those before are closed when they come back. */
  generation: number
}

interface Waiter {
  take(socket: Socket): void
  fail(error: unknown): void
}

type Limits = Pick<RouteLimits, 'connections' | 'connectMs' | 'idleMs' | 'warm'>

/**
 * The sockets of one route. A dial belongs to nobody: whoever waits longest gets the next socket there is, be it a new
 * one or one that came back, and what comes when nobody waits any more is there for the next.
 */
export class Sockets {
  #limits: Limits
  readonly #dialer: Pick<Dialer, 'dial'>
  /** The last that came back is the first to go: those that are too many grow old. */
  readonly #idle: Socket[] = []
  readonly #busy = new Set<Socket>()
  readonly #waiters = new Set<Waiter>()
  readonly #closing = new Set<Promise<void>>()
  readonly #dials = new Set<Promise<boolean>>()
  #generation = 0
  #isClosed = false
  readonly #counts = { dialed: 0, dialFailed: 0, dropped: 0, stale: 0 }

  constructor(dialer: Pick<Dialer, 'dial'>, limits: Limits) {
    this.#dialer = dialer
    this.#limits = limits
  }

  get stats(): SocketStats {
    return { connected: this.#connected, free: this.#idle.length, dialing: this.#dials.size, ...this.#counts }
  }

  /** One that is open and that nobody uses, if there is one. */
  takeIdle(): Socket | undefined {
    this.#closeStale()
    const idle = this.#idle.pop()
    if (idle) this.#busy.add(idle)
    return idle
  }

  /**
   * The next socket that comes, when none is idle.
   *
   * @param signal has not aborted yet, and goes with its lease, and the listener with it
   * @throws what opening it has thrown, or the reason of `signal`
   */
  take(signal: AbortSignal): Promise<Socket> {
    const { promise, resolve, reject } = Promise.withResolvers<Socket>()
    const waiter: Waiter = {
      take: (socket) => {
        this.#waiters.delete(waiter)
        this.#busy.add(socket)
        resolve(socket)
      },
      fail: (error) => {
        this.#waiters.delete(waiter)
        reject(error)
      },
    }
    signal.addEventListener('abort', () => waiter.fail(signal.reason))
    this.#waiters.add(waiter)
    this.#dialForWaiters()
    return promise
  }

  /** Takes a socket back. */
  give(socket: Socket): void {
    if (!this.#busy.delete(socket)) return
    this.#offer(socket, false)
  }

  /** Closes a socket: something went wrong on it, or there is something left to be read. */
  discard(socket: Socket, isUnread = false): void {
    if (!this.#busy.has(socket)) return
    if (isUnread) this.#counts.dropped++
    this.#forget(socket)
  }

  /** A socket has died while it was idle: the others are no younger. */
  distrust(): void {
    this.#counts.stale++
    for (const socket of this.#idle.splice(0)) this.#close(socket)
  }

  /** From now on: sockets of before are closed, the idle ones at once, and the others when they come back. */
  renew(limits: Limits): void {
    this.#limits = limits
    this.#generation++
    for (const socket of this.#idle.splice(0)) this.#close(socket)
    this.#dialForWaiters()
  }

  /** Whether `warm` sockets are there, or about to be. */
  get isWarm(): boolean {
    return this.#connected + this.#dials.size >= this.#limits.warm
  }

  /** Opens one more socket. Resolves with whether that has worked. */
  dial(): Promise<boolean> {
    const dialed = this.#dial(this.#generation).finally(() => {
      this.#dials.delete(dialed)
      this.#dialForWaiters()
    })
    this.#dials.add(dialed)
    return dialed
  }

  /** Closes all of them, whoever uses them. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const socket of [...this.#idle.splice(0), ...this.#busy]) this.#close(socket)
    await Promise.all(this.#dials)
    await Promise.all(this.#closing)
  }

  get #connected(): number {
    return this.#idle.length + this.#busy.size
  }

  #dialForWaiters(): void {
    while (
      this.#dials.size < this.#waiters.size &&
      this.#connected + this.#dials.size < this.#limits.connections &&
      !this.#isClosed
    )
      void this.dial()
  }

  async #dial(generation: number): Promise<boolean> {
    try {
      const client = await this.#dialer.dial(this.#limits.connectMs)
      this.#counts.dialed++
      const socket: Socket = { client, isFresh: true, idleSince: 0, generation }
      // It emits this when the socket has gone; with the next request it would open another one, of which nobody knows.
      client.once('disconnect', () => this.#forget(socket))
      this.#offer(socket, true)
      return true
    } catch (error) {
      this.#counts.dialFailed++
      // One dial, one who hears of it: the others have dials of their own.
      first(this.#waiters)?.fail(error)
      return false
    }
  }

  /** To whoever waits; else it is kept, if it may be. */
  #offer(socket: Socket, isFresh: boolean): void {
    const isOld = socket.generation !== this.#generation
    if (this.#isClosed || isOld) return this.#forget(socket)
    const waiter = first(this.#waiters)
    socket.isFresh = isFresh && waiter !== undefined
    if (waiter) return waiter.take(socket)
    socket.idleSince = performance.now()
    this.#idle.push(socket)
  }

  /** The oldest is the first. */
  #closeStale(): void {
    const now = performance.now()
    const young = this.#idle.findIndex(({ idleSince }) => now - idleSince < this.#limits.idleMs)
    for (const socket of this.#idle.splice(0, young < 0 ? Infinity : young)) this.#close(socket)
  }

  #close(socket: Socket): void {
    const closing: Promise<void> = socket.client.destroy().finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }

  #forget(socket: Socket): void {
    const index = this.#idle.indexOf(socket)
    if (index >= 0) this.#idle.splice(index, 1)
    this.#busy.delete(socket)
    this.#close(socket)
    this.#dialForWaiters()
  }
}

const first = <T>(set: ReadonlySet<T>): T | undefined => set.values().next().value

/** The upstream is gone, or has closed the socket: what undici and the system call that. */
const DEATHS = new Set(['UND_ERR_SOCKET', 'UND_ERR_DESTROYED', 'ECONNRESET', 'EPIPE'])

/** Made once: it would be the dearest part of each call. */
const OVER = new RouterClosedError('The exchange is over, and its dispatcher with it')

/**
 * What an exchange sends its requests by: a place in a route, with one socket at a time. It takes the socket with its first
 * request and keeps it; so to open it is part of the call, with all limits that the call has.
 */
export class Lease extends Dispatcher {
  readonly #sockets: Sockets
  readonly #isIdempotent: boolean
  #isOver = false
  /** For who waits for a socket when it is over; made when somebody does, or an abort would be the dearest part of each call. */
  #waiting: AbortController | undefined
  #socket: Promise<Socket> | Socket | undefined
  #held: Socket | undefined
  /** Requests that have been sent, and whose answers have not come to their end. */
  #underWay = 0

  constructor(sockets: Sockets, { isIdempotent }: { isIdempotent: boolean }) {
    super()
    this.#sockets = sockets
    this.#isIdempotent = isIdempotent
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    void this.#send(options, handler)
    return true
  }

  /** The exchange is over, and the socket goes back; if there is something left to be read, it is closed. */
  end(): void {
    this.#isOver = true
    this.#waiting?.abort(OVER)
    if (!this.#held) return
    if (this.#underWay > 0) this.#sockets.discard(this.#held, true)
    else this.#sockets.give(this.#held)
  }

  async #send(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): Promise<void> {
    try {
      const socket = await this.#take()
      const isNew = this.#held !== socket
      this.#held = socket
      // Taken at last, by nobody: the first of its requests gives it back, if the exchange has not.
      if (this.#isOver) {
        if (isNew) this.#sockets.give(socket)
        throw OVER
      }
      this.#underWay++
      socket.client.dispatch(options, this.#watching(socket, options, handler))
    } catch (error) {
      handler.onResponseError?.(UNSENT, error as Error)
    }
  }

  async #take(): Promise<Socket> {
    if (this.#isOver) throw OVER
    // Two requests at a time share it, one after the other.
    this.#socket ??= this.#sockets.takeIdle() ?? this.#sockets.take((this.#waiting ??= new AbortController()).signal)
    try {
      return await this.#socket
    } catch (error) {
      this.#socket = undefined
      throw error
    }
  }

  /** The handler, with an eye on how far its request has come. */
  #watching(
    socket: Socket,
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): Dispatcher.DispatchHandler {
    let isSent = false
    let isAnswered = false
    return {
      onRequestStart: (controller, context) => {
        isSent = true
        handler.onRequestStart?.(controller, context)
      },
      onResponseStarted: () => {
        isAnswered = true
        handler.onResponseStarted?.()
      },
      onRequestUpgrade: (controller, status, headers, stream) =>
        handler.onRequestUpgrade?.(controller, status, headers, stream),
      onResponseStart: (controller, status, headers, message) =>
        handler.onResponseStart?.(controller, status, headers, message),
      onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
      onBodySent: (chunk) => handler.onBodySent?.(chunk),
      onRequestSent: () => handler.onRequestSent?.(),
      onResponseEnd: (controller, trailers) => {
        this.#underWay--
        handler.onResponseEnd?.(controller, trailers)
      },
      onResponseError: (controller, error) => {
        this.#underWay--
        const isGone = DEATHS.has(String((error as NodeJS.ErrnoException).code)) && !this.#isOver
        // Called off before its turn: the socket is as good as it was, and has another request on its way.
        if (!isSent && !isGone) return handler.onResponseError?.(controller, error)
        // Nothing more is to be had of it, whatever it was.
        if (this.#held === socket) this.#socket = this.#held = undefined
        this.#sockets.discard(socket)
        // What was never written is not lost. What was written to a dead socket is, unless to do it twice does no harm.
        const mayRepeat = this.#isIdempotent && isRepeatable(options.body)
        const isLost = isSent && (isAnswered || socket.isFresh || !mayRepeat)
        if (!isGone || isLost) return handler.onResponseError?.(controller, error)
        if (isSent) this.#sockets.distrust()
        void this.#send(options, handler)
      },
    }
  }
}

/** For a request that has had no socket, and so no controller; undici's own dispatchers give none either. */
const UNSENT = null as unknown as Dispatcher.DispatchController

/** A stream can be sent once. */
const isRepeatable = (body: unknown) => body == null || typeof body === 'string' || ArrayBuffer.isView(body)
