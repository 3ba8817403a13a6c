// One server with one way to shut down, in a process of its own: see shutdown.ts.
import { createRequire } from 'node:module'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { createShutdown } from '../../solutions/02-graceful-shutdown/shutdown.ts'
import type { Way } from './shutdown.ts'

const peer = createRequire(new URL('../maintainers/package.json', import.meta.url))
const PATIENCE_MS = 60_000

const options: Partial<Record<Way, FastifyServerOptions>> = {
  'app.close(), force': { forceCloseConnections: true },
  ours: { return503OnClosing: false },
}
const onSigterm = (work: () => Promise<unknown>) =>
  process.once('SIGTERM', () => void work().finally(() => process.exit(0)))

/** Each as its README has it, with a limit that is out of the way. */
const ways: Record<Way, (app: FastifyInstance) => void> = {
  'app.close()': (app) => onSigterm(() => app.close()),
  'app.close(), force': (app) => onSigterm(() => app.close()),
  'close-with-grace': (app) => peer('close-with-grace')({ delay: PATIENCE_MS, logger: null }, () => app.close()),
  stoppable({ server }) {
    const { stop } = peer('stoppable')(server, PATIENCE_MS)
    onSigterm(() => new Promise((resolve) => stop(resolve)))
  },
  'http-terminator'({ server }) {
    const options = { server, gracefulTerminationTimeout: PATIENCE_MS }
    const { terminate } = peer('http-terminator').createHttpTerminator(options)
    onSigterm(terminate)
  },
  ours: (app) => void createShutdown(app, { drainDelayMs: 0, deadlineMs: PATIENCE_MS }).install(),
}

const way = process.argv[2] as Way
const app = Fastify(options[way])
let answer = () => {}
app.get('/fast', async () => 'at once')
app.get('/slow', async () => {
  await new Promise<void>((resolve) => (answer = resolve))
  return 'at last'
})
app.get('/big', async (_, reply) => reply.type('text/plain').send('x'.repeat(20_000_000)))
app.get('/stream', (_, reply) => {
  reply.hijack()
  reply.raw.writeHead(200, { 'content-type': 'text/plain' }).write('half')
  answer = () => reply.raw.end('at last')
})
ways[way](app)
process.on('message', () => answer())
process.channel!.unref()
await app.listen({ host: '127.0.0.1', port: 0 })
process.send!(app.server.address())
