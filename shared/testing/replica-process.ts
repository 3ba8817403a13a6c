// A small service in a process of its own, with the shutdown that it is given: see replica.ts.
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify, { type FastifyBaseLogger } from 'fastify'
import { pino } from 'pino'
import type { Command, ReplicaOptions } from './replica.ts'

const { module, hangs = false, ...limits }: ReplicaOptions = JSON.parse(process.argv[2]!)
const { createShutdown } = (await import(module)) as typeof import('#chapters/02-graceful-shutdown/shutdown.ts')

// In sync, because by default pino (10) writes on another thread, where an exit overtakes the line that tells of it.
const loggerInstance: FastifyBaseLogger = pino(pino.destination({ sync: true }))
const app = Fastify({ return503OnClosing: false, disableRequestLogging: true, loggerInstance })
const hung = { name: 'hung', timeoutMs: 100, close: () => new Promise(() => {}) }
const shutdown = createShutdown(app, { ...limits, hooks: hangs ? [hung] : [] })
shutdown.install()

const waiting: (() => void)[] = []
app.get('/fast', async () => 'at once')
app.get('/slow', async () => {
  await new Promise<void>((resolve) => waiting.push(resolve))
  return 'at last'
})
app.get<{ Querystring: { ms: string } }>('/work', async ({ query }) => {
  await sleep(Number(query.ms))
  return 'done'
})
app.get('/events', (_, reply) => {
  reply.hijack()
  reply.raw.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: hello\n\n')
  shutdown.signal.addEventListener('abort', () => reply.raw.end('data: goodbye\n\n'))
})
app.get('/readyz', async (_, reply) => reply.code(shutdown.ready ? 200 : 503).send())

const commands: Record<Command, () => void> = {
  answer: () => waiting.splice(0).forEach((resolve) => resolve()),
  throw: () =>
    setImmediate(() => {
      throw new Error('nobody caught this error')
    }),
  reject: () => void Promise.reject(new Error('nobody caught this rejection')),
  // For Windows, which has no signals to send.
  SIGTERM: () => process.emit('SIGTERM', 'SIGTERM'),
  SIGINT: () => process.emit('SIGINT', 'SIGINT'),
}
process.on('message', (command: Command) => commands[command]())
process.on('disconnect', () => process.exit())
// The parent's line must not be what keeps this process: whether anything else does is a question of its own.
process.channel!.unref()

await app.listen({ host: '127.0.0.1', port: 0 })
process.send!(app.server.address())
