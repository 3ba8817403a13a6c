import type { FastifyPluginAsync } from 'fastify'
import type { Shutdown } from '#chapters/02-graceful-shutdown/shutdown.ts'

interface Options {
  shutdown: Pick<Shutdown, 'ready'>
  /** Whether the sockets of the start are open. Default: they are. */
  isWarm?: () => boolean
}

/** What machines ask every few seconds: not worth a line in the log each. */
export const probes: FastifyPluginAsync<Options> = async (app, { shutdown, isWarm = () => true }) => {
  // Nor limited: whoever asks too often for a quote is not to have us taken out, or restarted.
  const quiet = { logLevel: 'warn', config: { cost: 0, urgency: null } } as const

  // "Restart me" and nothing else. It asks no carrier: their trouble would have every instance restarted at once.
  app.get('/livez', quiet, async () => ({ status: 'ok' }))

  app.get('/readyz', quiet, async (_request, reply) => {
    if (!shutdown.ready) return reply.code(503).send({ status: 'shutting down' })
    return isWarm() ? { status: 'ok' } : reply.code(503).send({ status: 'starting' })
  })
}
