/**
 * Mistake: knows one limit for every route, and a stream of events is none that ends in time.
 * Replaces: server.ts
 * Killed by: lets a stream outlive the handler limit, and only a stream
 */
import type { FastifyInstance } from 'fastify'
import { TimeoutError } from '../../../shared/core/errors.ts'
import { DEADLINE_HEADER, deadlineFrom, remainingMs } from '../deadline.ts'
import type { ServerLimits } from '../server.ts'

export * from '../server.ts'

export function limitServer(app: FastifyInstance, { handlerMs }: ServerLimits): void {
  app.decorateRequest('deadline', Infinity)
  app.decorateRequest('abortSignal')
  app.addHook('onRequest', async (request, reply) => {
    const controller = new AbortController()
    request.abortSignal = controller.signal
    request.deadline = deadlineFrom(request.headers[DEADLINE_HEADER], handlerMs)
    const stop = () => {
      const error = new TimeoutError('Timed out')
      controller.abort(error)
      if (reply.raw.headersSent) reply.raw.destroy()
      else reply.code(504).send(error)
    }
    const timer = setTimeout(stop, remainingMs(request.deadline))
    reply.raw.once('close', () => {
      clearTimeout(timer)
      if (!reply.raw.writableEnded) controller.abort(new Error('The client hung up'))
    })
  })
}
