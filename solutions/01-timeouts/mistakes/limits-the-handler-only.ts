/**
 * Mistake: begins to count before the handler, when whatever hangs in a hook has hung already.
 * Replaces: server.ts
 * Killed by: limits what comes before the handler, too
 */
import type { FastifyInstance } from 'fastify'
import { TimeoutError } from '../../../shared/core/errors.ts'
import { DEADLINE_HEADER, deadlineFrom, remainingMs } from '../deadline.ts'
import type { ServerLimits } from '../server.ts'

export * from '../server.ts'

export function limitServer(app: FastifyInstance, { handlerMs }: ServerLimits): void {
  app.decorateRequest('deadline', Infinity)
  app.decorateRequest('abortSignal')
  app.addHook('preHandler', async (request, reply) => {
    const controller = new AbortController()
    request.abortSignal = controller.signal
    request.deadline = deadlineFrom(request.headers[DEADLINE_HEADER], handlerMs)
    const timer = setTimeout(() => {
      const error = new TimeoutError('Timed out')
      controller.abort(error)
      reply.code(504).send(error)
    }, remainingMs(request.deadline))
    reply.raw.once('close', () => {
      clearTimeout(timer)
      if (!reply.raw.writableEnded) controller.abort(new Error('The client hung up'))
    })
  })
}
