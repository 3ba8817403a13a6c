import type { FastifyReply } from 'fastify'
import type { Random } from './random.ts'

/** The body of a 503: RFC 9457, where `about:blank` has the status’s own phrase for its title. */
export const OVERLOADED = {
  type: 'about:blank',
  title: 'Service Unavailable',
  status: 503,
  detail: 'There is more to do than we can; come again a little later',
  reason: 'overloaded',
}
const BODY = JSON.stringify(OVERLOADED)

/** Whole seconds, both included. */
export interface Seconds {
  from: number
  to: number
}

/** One of the whole seconds from `from` to `to`: all who are told the same one come back in the same one. */
export const comeBackInS = ({ from, to }: Seconds, random: Random) => from + Math.floor(random() * (to - from + 1))

/** Answers 503, as `application/problem+json`, with a `Retry-After` of so many whole seconds (RFC 9110, 10.2.3). */
export const refuse = (reply: FastifyReply, retryAfterS: Seconds, random: Random): FastifyReply =>
  reply.code(503).header('retry-after', comeBackInS(retryAfterS, random)).type('application/problem+json').send(BODY)
