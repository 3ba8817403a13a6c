/* Replaces: http.ts */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import '../../../shared/core/fastify.ts'
import { checkCost, type Decision, type Limit, type Rate, rateOf } from '../options.ts'

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

  app.addHook('onRoute', ({ config: { cost = 1 } = {} }) => {
    if (cost !== 0) checkCost(cost, burst)
  })
  app.addHook('onRequest', (request, reply, done) => {
    const { cost = 1 } = request.routeOptions.config
    if (cost === 0) return done()
    const answer = ({ allowed, remaining, retryAfterMs, moreInMs }: Decision): void => {
      reply.header('ratelimit-policy', policy)
      reply.header('ratelimit', `"${name}";r=${remaining};t=${seconds(moreInMs)}`)
      if (allowed) return done()
      // One second at least: "0" is an invitation.
      const retryAfterS = Math.max(1, seconds(retryAfterMs))
      const detail = `You have asked too often; come again in ${retryAfterS} s`
      const problem = { type: TYPE, title: TITLE, status: 429, detail, 'violated-policies': [name] }
      reply.code(429).header('retry-after', retryAfterS).type('application/problem+json').send(JSON.stringify(problem))
    }
    const decision = limit.take(clientOf(request), cost)
    if (decision instanceof Promise) decision.then(answer, done)
    else answer(decision)
  })
}

const seconds = (ms: number): number => Math.ceil(ms / 1000)
