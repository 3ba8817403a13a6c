import type { FastifyInstance, FastifyRequest } from 'fastify'
import '../../shared/core/fastify.ts'
import { checkCost, type Limit, type Rate, rateOf } from './options.ts'

export interface RequestLimits {
  limit: Limit
  /** What `limit` goes by, for those who are to keep to it. */
  rate: Rate
  clientOf: (request: FastifyRequest) => string
  /** Of the policy, as clients see it: printable ASCII without quotes and backslashes. Default: client. */
  name?: string
}

const TYPE = 'https://iana.org/assignments/http-problem-types#quota-exceeded'
const TITLE = 'Request cannot be satisfied as assigned quota has been exceeded'

/**
 * Limits the requests of a server by client: before a body is read, and also what has no route. Each route's `cost` is
 * in its config; what costs 0 is not limited. To be called before the routes are registered.
 *
 * Says how much is left as draft-ietf-httpapi-ratelimit-headers-10 has it, and no as RFC 6585, section 4, and RFC 9457.
 *
 * @throws RangeError for a rate or a name out of bounds; and when a route is registered, for a cost that is no number from
 *   0 to the burst
 */
export function limitRequests(app: FastifyInstance, { limit, rate, clientOf, name = 'client' }: RequestLimits): void {
  const { perSecond, burst } = rateOf(rate)
  if (!/^[ !#-[\]-~]+$/.test(name)) throw new RangeError(`name must be printable ASCII without quotes; got ${name}`)
  const policy = `"${name}";q=${burst};w=${Math.ceil(burst / perSecond)}`

  app.addHook('onRoute', ({ config: { cost = 1 } = {} }) => {
    if (cost !== 0) checkCost(cost, burst)
  })
  app.addHook('onRequest', async (request, reply) => {
    const { cost = 1 } = request.routeOptions.config
    if (cost === 0) return
    const { allowed, remaining, retryAfterMs, moreInMs } = await limit.take(clientOf(request), cost)
    reply.header('ratelimit-policy', policy)
    reply.header('ratelimit', `"${name}";r=${remaining};t=${seconds(moreInMs)}`)
    if (allowed) return
    // One second at least: "0" is an invitation.
    const retryAfterS = Math.max(1, seconds(retryAfterMs))
    const detail = `You have asked too often; come again in ${retryAfterS} s`
    const problem = { type: TYPE, title: TITLE, status: 429, detail, 'violated-policies': [name] }
    return reply
      .code(429)
      .header('retry-after', retryAfterS)
      .type('application/problem+json')
      .send(JSON.stringify(problem))
  })
}

/** Rounded up: who comes then is let in. */
const seconds = (ms: number): number => Math.ceil(ms / 1000)
