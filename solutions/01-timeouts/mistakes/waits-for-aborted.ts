/**
 * Mistake: asks the request whether it was aborted, which it can be only until its body has been read.
 * Replaces: server.ts
 * Killed by: stops the work of a client that hangs up, and of no other
 */
import type { FastifyInstance } from 'fastify'
import { DEADLINE_HEADER, deadlineFrom } from '../deadline.ts'
import type { ServerLimits } from '../server.ts'
import { withTimeout } from '../timeout.ts'

export * from '../server.ts'

export function limitServer(app: FastifyInstance, { handlerMs }: ServerLimits): void {
  app.decorateRequest('deadline', Infinity)
  app.decorateRequest('abortSignal')
  app.addHook('onRequest', async (request, reply) => {
    const hangUp = new AbortController()
    request.deadline = deadlineFrom(request.headers[DEADLINE_HEADER], handlerMs)
    request.raw.on('close', () => request.raw.aborted && hangUp.abort(new Error('The client hung up')))
    const untilAnswered = (signal: AbortSignal) => {
      request.abortSignal = signal
      return new Promise((resolve) => reply.raw.once('close', resolve))
    }
    const over = withTimeout(untilAnswered, Infinity, { deadline: request.deadline, signal: hangUp.signal })
    over.catch((error) => reply.code(504).send(error))
  })
}
