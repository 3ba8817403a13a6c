/**
 * Mistake: looks for a quote in the name only: each answer of a policy whose name has two lines is a 500.
 * Replaces: http.ts
 * Killed by: refuses a cost that nobody can pay, when the route is registered
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import '../../../shared/core/fastify.ts'
import { checkCost, type Limit, type Rate, rateOf } from '../options.ts'

export interface RequestLimits {
  limit: Limit
  rate: Rate
  clientOf: (request: FastifyRequest) => string
  name?: string
}

const TYPE = 'https://iana.org/assignments/http-problem-types#quota-exceeded'
const TITLE = 'Request cannot be satisfied as assigned quota has been exceeded'

export function limitRequests(app: FastifyInstance, { limit, rate, clientOf, name = 'client' }: RequestLimits): void {
  const { perSecond, burst } = rateOf(rate)
  if (name.includes('"')) throw new RangeError(`name must be printable ASCII without quotes; got ${name}`)
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

const seconds = (ms: number): number => Math.ceil(ms / 1000)
