import { type Dispatcher, errors, Pool } from 'undici'
import { TimeoutError } from '../../shared/core/errors.ts'
import { checkOptions, count, type Rule } from '../../shared/core/options.ts'
import type { Deadline } from '../../shared/core/deadline.ts'
import { DEADLINE_HEADER, deadlineHeader, deadlineIn } from './deadline.ts'
import { type TimeoutOptions, withTimeout } from './timeout.ts'

/** Every limit of one upstream, in milliseconds unless it says otherwise; whole numbers, of which undici has no others. */
export interface ClientLimits {
  /** Sockets to the upstream, 1 or more; a call more waits for one to come free. */
  connections: number
  /** To open a socket; 0 for no limit. */
  connectMs: number
  /** From the request's last byte to the response's headers; 0 for no limit. */
  headersMs: number
  /** Between two chunks of the response's body: it says nothing about the whole body. 0 for no limit. */
  bodyMs: number
  /** The largest response body, in bytes; -1 for no limit. */
  maxBytes: number
}

export interface Call extends TimeoutOptions {
  method?: Dispatcher.HttpMethod
  path: string
  /** Read, not changed. */
  headers?: Record<string, string>
  body?: string
  /** For the whole call: waiting for a socket, connecting, headers and body. */
  timeoutMs: number
}

export interface Reply {
  /** Whatever it is: a 503 is an answer, too. */
  status: number
  /** Header names in lower case. */
  headers: Record<string, string | string[] | undefined>
  body: string
}

const wholeMs: Rule = [(value) => Number.isSafeInteger(value) && value >= 0, 'whole milliseconds, or 0 for no limit']
const bytes: Rule = [(value) => Number.isSafeInteger(value) && value >= -1, 'whole bytes, or -1 for no limit']

/**
 * A pool whose every phase has an end. Close it with `pool.close()`, or `pool.destroy()` to drop what is in flight.
 *
 * @throws RangeError for a limit that is none
 */
export function createClient(origin: string, limits: ClientLimits): Pool {
  const phases = { connectMs: wholeMs, headersMs: wholeMs, bodyMs: wholeMs }
  checkOptions(limits, { connections: count, maxBytes: bytes, ...phases })
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
 * @throws RangeError for a `timeoutMs` or a `deadline` that is none
 */
export async function call(client: Dispatcher, options: Call): Promise<Reply> {
  const { timeoutMs, deadline, signal, headers, ...request } = options
  const startedAt = performance.now()
  const limit = deadlineIn(timeoutMs, deadline)
  const exchange = async (signal: AbortSignal): Promise<Reply> => {
    try {
      const response = await client.request({
        method: 'GET',
        ...request,
        headers: withDeadline(headers, limit),
        signal,
      })
      return { status: response.statusCode, headers: response.headers, body: await response.body.text() }
    } catch (error) {
      if (!isLate(error)) throw error
      throw new TimeoutError(error.message, { cause: error, elapsedMs: performance.now() - startedAt })
    }
  }
  return withTimeout(exchange, Infinity, { deadline: limit, signal })
}

/** One deadline, ours: beside one that is handed on from another request, the upstream would hear two, and heed none. */
function withDeadline(headers: Record<string, string> = {}, deadline: Deadline) {
  const others = Object.entries(headers).filter(([name]) => name.toLowerCase() !== DEADLINE_HEADER)
  return {
    ...Object.fromEntries(others),
    // A getter, because undici reads the headers when the call leaves its queue: the wait in there is no time left.
    get [DEADLINE_HEADER]() {
      return deadlineHeader(deadline)[DEADLINE_HEADER]
    },
  }
}

const isLate = (error: unknown): error is Error =>
  [errors.ConnectTimeoutError, errors.HeadersTimeoutError, errors.BodyTimeoutError].some(
    (kind) => error instanceof kind,
  )
