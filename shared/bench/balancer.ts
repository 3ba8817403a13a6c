import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { Pool } from 'undici'
import { sleep } from '../core/sleep.ts'

interface Backend {
  pool: Pool
  ready: boolean
}

/** A balancer that asks for readiness, takes turns, and tries nothing twice: what fails here, a customer would see. */
export interface Balancer {
  origin: string
  /** Takes it in; resolves once it is ready and gets requests. */
  add(origin: string): Promise<void>
  /** Forgets it, but not before a probe has found it gone: a balancer has no other way to know. */
  remove(origin: string): Promise<void>
  close(): Promise<void>
}

/** @param probeMs between two questions for readiness; one "no" is enough */
export async function startBalancer(probeMs: number): Promise<Balancer> {
  const backends = new Map<string, Backend>()
  const ended = new AbortController()
  let turn = 0

  async function forward(request: IncomingMessage, response: ServerResponse) {
    const ready = [...backends.values()].filter((backend) => backend.ready)
    if (ready.length === 0) return void response.writeHead(503, 'No backend is ready').end()
    const { pool } = ready[turn++ % ready.length]!
    try {
      const { statusCode, body } = await pool.request({ method: 'GET', path: request.url! })
      await pipeline(body, response.writeHead(statusCode))
    } catch (error) {
      // Half of an answer cannot be taken back; nothing of one can still be called by its name.
      if (response.headersSent) response.destroy()
      else response.writeHead(502, { 'x-reason': (error as NodeJS.ErrnoException).code ?? 'unknown' }).end()
    }
  }

  async function probe(backend: Backend) {
    const { statusCode, body } = await backend.pool.request({ method: 'GET', path: '/readyz' })
    await body.dump()
    return statusCode === 200
  }
  async function watch(backend: Backend) {
    while (!ended.signal.aborted && !backend.pool.destroyed) {
      backend.ready = await probe(backend).catch(() => false)
      await sleep(probeMs)
    }
  }

  const server = createServer((request, response) => void forward(request, response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async add(origin) {
      const backend = { pool: new Pool(origin), ready: false }
      backends.set(origin, backend)
      void watch(backend)
      while (!backend.ready) await sleep(probeMs)
    },
    async remove(origin) {
      const backend = backends.get(origin)!
      while (backend.ready) await sleep(probeMs)
      backends.delete(origin)
      await backend.pool.destroy()
    },
    async close() {
      ended.abort()
      await Promise.all([...backends.values()].map(({ pool }) => pool.destroy()))
      server.close().closeAllConnections()
    },
  }
}
