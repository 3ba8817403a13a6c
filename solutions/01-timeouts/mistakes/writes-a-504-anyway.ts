/**
 * Mistake: sends its 504 also when half of an answer has gone out, where it becomes a part of the body.
 * Replaces: server.ts
 * Killed by: breaks the connection instead of writing a 504 into the body
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
    request.deadline = deadlineFrom(
      request.headers[DEADLINE_HEADER],
      request.routeOptions.config.handlerMs ?? handlerMs,
    )
    const stop = () => {
      const error = new TimeoutError('Timed out')
      controller.abort(error)
      if (!reply.raw.headersSent) reply.code(504).send(error)
      else reply.raw.end('{"status":504,"title":"Gateway Timeout"}')
    }
    const timer = setTimeout(stop, Math.min(remainingMs(request.deadline), 2 ** 31 - 1))
    reply.raw.once('close', () => {
      clearTimeout(timer)
      if (!reply.raw.writableEnded) controller.abort(new Error('The client hung up'))
    })
  })
}
