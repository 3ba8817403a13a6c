import { type Dispatcher, Pool } from 'undici'
import type { TimeoutOptions } from './timeout.ts'

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
  headers: Record<string, string | string[] | undefined>
  body: string
}

/** A pool of connections to one upstream. */
export function createClient(origin: string, { connections }: ClientLimits): Pool {
  return new Pool(origin, { connections })
}

/** One HTTP call, with its body read. Rejects, and never throws. */
export async function call(client: Dispatcher, { method = 'GET', path, headers, body }: Call): Promise<Reply> {
  const response = await client.request({ method, path, headers, body })
  return { status: response.statusCode, headers: response.headers, body: await response.body.text() }
}
