import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { type Dispatcher, Pool } from 'undici'
import { listen, stop } from '../carriers/http.ts'
import { sleep } from '../core/sleep.ts'

interface Backend {
  pool: Pool
  ready: boolean
  /** Whatever it says, it gets nothing more. */
  resting: boolean
  /** Resolves with its next probe. */
  probed: PromiseWithResolvers<void>
}

/** A balancer that asks for readiness, takes turns, and tries nothing twice: what fails here, a customer would see. */
export interface Balancer {
  origin: string
  /** Takes it in; resolves once it is ready and gets requests. */
  add(origin: string): Promise<void>
  /** Resolves with the next answer (or silence) to the question whether it is ready. */
  probed(origin: string): Promise<void>
  /** Sends it nothing more, from now on; what it has been sent, it may still answer. */
  rest(origin: string): void
  /** Forgets it, but not before a probe has found it gone: a balancer has no other way to know. */
  remove(origin: string): Promise<void>
  close(): Promise<void>
}

/** A process that is too busy to say whether it is ready is not. */
const PROBE_LIMIT_MS = 5000
/** Who waits for an answer has limits of their own. */
const UNLIMITED = { headersTimeout: 0, bodyTimeout: 0 }

/**
 * @param probeMs between two questions for readiness; one "no" is enough
 * @param port to listen on; 0 is any free one. Rejects with EADDRINUSE and the like.
 */
export async function startBalancer(probeMs: number, port = 0): Promise<Balancer> {
  const backends = new Map<string, Backend>()
  const ended = new AbortController()
  let turn = 0

  async function forward(request: IncomingMessage, response: ServerResponse) {
    const ready = [...backends.values()].filter((backend) => backend.ready)
    if (ready.length === 0) return void response.writeHead(503, 'No backend is ready').end()
    const { pool } = ready[turn++ % ready.length]!
    const gone = new AbortController()
    response.once('close', () => response.writableFinished || gone.abort())
    try {
      const { method, url, headers } = request
      const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0
      const answer = await pool.request({
        method: method as Dispatcher.HttpMethod,
        path: url!,
        headers: endToEnd(headers),
        body: hasBody ? request : null,
        signal: gone.signal,
      })
      await pipeline(answer.body, response.writeHead(answer.statusCode, endToEnd(answer.headers)))
    } catch (error) {
      // Half of an answer cannot be taken back; nothing of one can still be called by its name.
      if (response.headersSent) response.destroy()
      else response.writeHead(502, { 'x-reason': (error as NodeJS.ErrnoException).code ?? 'unknown' }).end()
    }
  }

  async function isReady({ pool }: Backend) {
    const { statusCode, body } = await pool.request({
      method: 'GET',
      path: '/readyz',
      headersTimeout: PROBE_LIMIT_MS,
      bodyTimeout: PROBE_LIMIT_MS,
    })
    await body.dump()
    return statusCode === 200
  }
  async function watch(backend: Backend) {
    while (!backend.pool.destroyed) {
      const isUp = await isReady(backend).catch(() => false)
      backend.ready = isUp && !backend.resting
      backend.probed.resolve()
      backend.probed = Promise.withResolvers()
      await sleep(probeMs, ended.signal).catch(() => {})
    }
    backend.probed.resolve()
  }
  const probed = async (origin: string) => backends.get(origin)?.probed.promise

  const server = createServer((request, response) => void forward(request, response))
  return {
    origin: await listen(server, '127.0.0.1', port),
    probed,
    async add(origin) {
      const probed = Promise.withResolvers<void>()
      const backend = { pool: new Pool(origin, UNLIMITED), ready: false, resting: false, probed }
      backends.set(origin, backend)
      void watch(backend)
      while (!backend.ready && !backend.pool.destroyed) await backend.probed.promise
    },
    rest(origin) {
      const backend = backends.get(origin)
      if (backend) Object.assign(backend, { resting: true, ready: false })
    },
    async remove(origin) {
      const backend = backends.get(origin)
      while (backend?.ready && !backend.pool.destroyed) await probed(origin)
      backends.delete(origin)
      await backend?.pool.destroy()
    },
    async close() {
      ended.abort()
      await Promise.all([...backends.values()].map(({ pool }) => pool.destroy()))
      await stop(server)
    },
  }
}

/** What is between two neighbours on the way, and not for the other end (RFC 9110, section 7.6.1); `expect` is answered here. */
const HOP_BY_HOP = new Set(
  'connection keep-alive proxy-connection te trailer transfer-encoding upgrade host expect'.split(' '),
)
const endToEnd = (headers: IncomingHttpHeaders) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)))
