import { type Dispatcher, errors, Pool } from 'undici'
import { TimeoutError } from '../../shared/core/errors.ts'
import { deadlineHeader, deadlineIn } from './deadline.ts'
import { type TimeoutOptions, withTimeout } from './timeout.ts'

/** Every limit of one upstream, in milliseconds unless it says otherwise. */
export interface ClientLimits {
  /** Sockets to the upstream; a call more waits for one to come free. */
  connections: number
  /** To open a socket. */
  connectMs: number
  /** From the request's last byte to the response's headers. */
  headersMs: number
  /** Between two chunks of the response's body: it says nothing about the whole body. */
  bodyMs: number
  /** The largest response body, in bytes. */
  maxBytes: number
}

export interface Call extends TimeoutOptions {
  method?: Dispatcher.HttpMethod
  path: string
  headers?: Record<string, string>
  body?: string
  /** For the whole call: waiting for a socket, connecting, headers and body. */
  timeoutMs: number
}

export interface Reply {
  status: number
  /** Header names in lower case. */
  headers: Record<string, string | string[] | undefined>
  body: string
}

/** A pool whose every phase has an end. Close it with `pool.close()`, or `pool.destroy()` to drop what is in flight. */
export function createClient(origin: string, limits: ClientLimits): Pool {
  return new Pool(origin, {
    connections: limits.connections,
    connectTimeout: limits.connectMs,
    headersTimeout: limits.headersMs,
    bodyTimeout: limits.bodyMs,
    maxResponseSize: limits.maxBytes,
  })
}

/**
 * One HTTP call, with its body read, in at most `timeoutMs`. The pool's own limits each watch one phase, and nothing
 * watches the queue for a free socket or a body that drips: the limit around all of it does. The upstream is told how
 * long it has.
 *
 * @throws TimeoutError for every kind of too late; `cause` is undici's error when one of the pool's limits was first
 * @throws the reason of `signal` when the caller aborts, and undici's own errors for the rest
 */
export function call(client: Dispatcher, { timeoutMs, deadline, signal, headers, ...request }: Call): Promise<Reply> {
  const limit = deadlineIn(timeoutMs, deadline)
  const exchange = async (signal: AbortSignal): Promise<Reply> => {
    const response = await client.request({
      method: 'GET',
      ...request,
      headers: { ...headers, ...deadlineHeader(limit) },
      signal,
    })
    return { status: response.statusCode, headers: response.headers, body: await response.body.text() }
  }
  return withTimeout((signal) => exchange(signal).catch(asTimeout), timeoutMs, { deadline: limit, signal })
}

function asTimeout(error: unknown): never {
  const { ConnectTimeoutError, HeadersTimeoutError, BodyTimeoutError } = errors
  const isTimeout = [ConnectTimeoutError, HeadersTimeoutError, BodyTimeoutError].some((kind) => error instanceof kind)
  throw isTimeout ? new TimeoutError((error as Error).message, { cause: error }) : error
}
