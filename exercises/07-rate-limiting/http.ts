import type { FastifyInstance, FastifyRequest } from 'fastify'
import '../../shared/core/fastify.ts'
import type { Limit, Rate } from './options.ts'

export interface RequestLimits {
  limit: Limit
  /** What `limit` goes by, for those who are to keep to it. */
  rate: Rate
  clientOf: (request: FastifyRequest) => string
  /** Of the policy, as clients see it: printable ASCII without quotes and backslashes. Default: client. */
  name?: string
}

const FREE = ['/livez', '/readyz', '/metrics']

/**
 * Limits the requests of a server by client: before a body is read, and also what has no route. Each route's `cost` is
 * in its config; what costs 0 is not limited. To be called before the routes are registered.
 *
 * @throws RangeError for a rate or a name out of bounds; and when a route is registered, for a cost that is no number from
 *   0 to the burst
 */
export function limitRequests(app: FastifyInstance, { limit, clientOf }: RequestLimits): void {
  app.addHook('preHandler', async (request, reply) => {
    if (FREE.includes(request.url)) return
    const { allowed } = await limit.take(clientOf(request))
    if (!allowed) return reply.code(429).header('retry-after', 60).type('text/plain').send('Too many requests')
  })
}
