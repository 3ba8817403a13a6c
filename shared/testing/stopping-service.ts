import { createShutdown, type ShutdownOptions } from '#chapters/02-graceful-shutdown/shutdown.ts'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { expect, onTestFinished, vi } from 'vitest'
import { elapse as pass } from './clock.ts'
import { outcomeOf } from './outcome.ts'
import { expectNothingUncaught } from './uncaught.ts'
import { get, openWire, type Wire } from './wire.ts'

export const BIG = 'x'.repeat(12_000_000)

/** What may go by between the end of everything and the exit, for those who give the last bytes a moment. */
export const GRACE_MS = 200

/** Lets `ms` of virtual time go by; what was thrown meanwhile is told before anything that follows from it. */
export async function elapse(ms: number): Promise<void> {
  await pass(ms)
  expectNothingUncaught()
}

export interface ServiceOptions extends Partial<ShutdownOptions> {
  /** Adds to the service before it listens. */
  extend?: (app: FastifyInstance) => void
}

/** For chapter 02, a service of a few routes, with its shutdown. The sockets are real, the way out is not. */
export async function startService({ extend, ...options }: ServiceOptions = {}) {
  const log: string[] = []
  // A request that still comes in on an open connection is to be answered; by default Fastify says 503.
  const app = Fastify({ return503OnClosing: false, logger: { stream: { write: (line) => void log.push(line) } } })
  const exit = vi.fn<(code: number) => void>()
  const shutdown = createShutdown(app, { drainDelayMs: 0, deadlineMs: 10_000, exit, ...options })

  const answers: (() => void)[] = []
  let finishStream = () => {}
  app.get('/fast', async () => 'at once')
  const slow = async () => {
    await new Promise<void>((resolve) => answers.push(resolve))
    return 'at last'
  }
  app.get('/slow', slow).post('/slow', slow)
  app.get('/big', async (_, reply) => reply.type('text/plain').send(BIG))
  app.get('/events', (_, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: hello\n\n')
    finishStream = () => reply.raw.end('data: goodbye\n\n')
    shutdown.signal.addEventListener('abort', finishStream)
  })
  const raw = (_: FastifyRequest, reply: FastifyReply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/plain' }).write('half')
    answers.push(() => reply.raw.end(' and half'))
  }
  app.get('/raw', raw).post('/raw', raw)
  app.post(
    '/refused',
    { onRequest: async (_, reply) => reply.code(401).send({ error: 'Who are you?' }) },
    async () => {},
  )
  app.get('/livez', async () => 'alive')
  app.get('/readyz', async (_, reply) => reply.code(shutdown.ready ? 200 : 503).send())
  extend?.(app)
  await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    app.server.closeAllConnections()
    // Heard of at once: a plugin that fails to close is the test's own doing.
    const closed = outcomeOf(app.close())
    await pass(GRACE_MS)
    await closed
  })

  const { port } = app.server.address() as AddressInfo
  /** A new connection; with a path, one that has made its request, which the server has read. */
  const open = async (path?: string, wireOptions = {}): Promise<Wire> => {
    const early = `nobody took ${path ?? 'this connection'}: the listener or its connection was closed too early`
    const wire = await openWire(port, wireOptions)
    expect(wire.state, early).toBe('open')
    if (!path) return wire
    const arrived = outcomeOf(once(app.server, 'request'), 1_000)
    wire.say(get(path))
    expect((await arrived).status, early).toBe('fulfilled')
    return wire
  }
  const answer = () => answers.splice(0).forEach((resolve) => resolve())
  const logged = () => log.join('')
  return { app, shutdown, exit, open, answer, logged }
}

/** The body that is to follow upon a `post`. */
export const BODY = JSON.stringify({ grams: 500 })

/** The head of a request with a body. */
export const post = (path: string): string =>
  `POST ${path} HTTP/1.1\r\nhost: parcel\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n`

export const overWell = 'all is done, and well: it exits, once, and with 0'
export const ok = /^HTTP\/1.1 200 OK/
export const closing = /^connection: close\r$/im
