/**
 * Mistake: a cost that is falsy is none: NaN is.
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
  if (!/^[ !#-[\]-~]+$/.test(name)) throw new RangeError(`name must be printable ASCII without quotes; got ${name}`)
  const policy = `"${name}";q=${burst};w=${Math.ceil(burst / perSecond)}`

  app.addHook('onRoute', ({ config }) => {
    const { cost } = config ?? {}
    if (cost) checkCost(cost, burst)
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

const seconds = (ms: number): number => Math.ceil(ms / 1000)
