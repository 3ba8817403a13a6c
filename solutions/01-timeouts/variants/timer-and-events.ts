/**
 * Another shape: a timer and an event for each request instead of an operation that lasts until the answer.
 * Replaces: server.ts
 */
import '../../../shared/core/fastify.ts'
import type { Server } from 'node:http'
import { Transform } from 'node:stream'
import type { FastifyHttpOptions, FastifyInstance } from 'fastify'
import { TimeoutError } from '../../../shared/core/errors.ts'
import { DEADLINE_HEADER, deadlineFrom, remainingMs } from '../deadline.ts'
import type { ServerLimits } from '../server.ts'

export type { ServerLimits }

export function serverOptions({ headersMs, requestMs, balancerIdleMs }: ServerLimits): FastifyHttpOptions<Server> {
  return {
    requestTimeout: requestMs,
    keepAliveTimeout: 2 * balancerIdleMs,
    http: { headersTimeout: headersMs, connectionsCheckingInterval: 10 },
  }
}

export function limitServer(app: FastifyInstance, { handlerMs, bodyChunkMs }: ServerLimits): void {
  app.decorateRequest('deadline', Infinity)
  app.decorateRequest('abortSignal')

  app.addHook('onRequest', (request, reply, next) => {
    const controller = new AbortController()
    request.abortSignal = controller.signal
    request.deadline = deadlineFrom(
      request.headers[DEADLINE_HEADER],
      request.routeOptions.config.handlerMs ?? handlerMs,
    )
    const give504 = () => {
      const error = new TimeoutError('Too late')
      controller.abort(error)
      if (reply.raw.headersSent || reply.sent) reply.raw.socket?.destroy()
      else reply.status(504).send(error)
    }
    if (remainingMs(request.deadline) === 0) return give504()

    const timer = request.deadline === Infinity ? undefined : setTimeout(give504, remainingMs(request.deadline))
    reply.raw.on('close', () => {
      clearTimeout(timer)
      if (!reply.raw.writableEnded) controller.abort(new Error('Gone'))
    })
    next()
  })

  app.addHook('preParsing', (request, reply, payload, next) => {
    let timer: NodeJS.Timeout
    const relay = new Transform({
      transform(chunk, _encoding, done) {
        rearm()
        done(null, chunk)
      },
    })
    const rearm = () => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        reply.header('connection', 'close')
        relay.destroy(Object.assign(new TimeoutError('No chunk in time'), { statusCode: 408 }))
      }, bodyChunkMs)
    }
    if (!request.raw.readableEnded) rearm()
    for (const over of ['end', 'close'] as const) request.raw.once(over, () => clearTimeout(timer))
    reply.raw.once('close', () => clearTimeout(timer))
    next(null, payload.pipe(relay))
  })
}
