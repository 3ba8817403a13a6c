import type { FastifyPluginAsync } from 'fastify'
import type { Registry } from 'prom-client'

/** For whoever collects them; what they tell of our carriers and our traffic is for nobody else. */
export const metricsRoute: FastifyPluginAsync<{ registry: Registry }> = async (app, { registry }) => {
  app.get('/metrics', { logLevel: 'warn', config: { cost: 0, urgency: null } }, async (_request, reply) => {
    reply.type(registry.contentType)
    return registry.metrics()
  })
}
