/**
 * Another shape: a timer and an event for each request instead of an operation that lasts until the answer.
 * Replaces: server.ts
 */
import '../../../shared/core/fastify.ts'
import type { Server } from 'node:http'
import { Transform } from 'node:stream'
import type { FastifyHttpOptions, FastifyInstance, FastifyRequest } from 'fastify'
import { TimeoutError } from '../../../shared/core/errors.ts'
import { DEADLINE_HEADER, deadlineFrom, remainingMs } from '../deadline.ts'
import type { ServerLimits } from '../server.ts'

export type { ServerLimits }

/** Any rule will do, as long as it names the option. */
function hold(limits: ServerLimits, names: (keyof ServerLimits)[]) {
  const wrong = names.find((name) => typeof limits[name] !== 'number' || !(limits[name] >= 0))
  if (wrong) throw new RangeError(`${wrong} is no limit`)
}

export function serverOptions(limits: ServerLimits): FastifyHttpOptions<Server> {
  hold(limits, ['headersMs', 'requestMs', 'balancerIdleMs'])
  const { headersMs, requestMs, balancerIdleMs } = limits
  return {
    requestTimeout: requestMs,
    keepAliveTimeout: 2 * balancerIdleMs,
    http: { headersTimeout: headersMs, connectionsCheckingInterval: 10 },
  }
}

export function limitServer(app: FastifyInstance, limits: ServerLimits): void {
  hold(limits, ['handlerMs', 'bodyChunkMs'])
  const { handlerMs, bodyChunkMs } = limits
  app.decorateRequest('deadline', Infinity)
  app.decorateRequest('abortSignal')

  const isSending = new Map<FastifyRequest, boolean>()
  app.addHook('onSend', async (request) => {
    isSending.set(request, true)
  })

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
      if (reply.raw.headersSent || reply.sent || isSending.get(request)) reply.raw.socket?.destroy()
      else
        reply
          .status(504)
          .headers(request.raw.readableEnded ? {} : { connection: 'close' })
          .send(error)
    }
    if (remainingMs(request.deadline) === 0) return give504()

    const timer = request.deadline === Infinity ? undefined : setTimeout(give504, remainingMs(request.deadline))
    reply.raw.on('close', () => {
      clearTimeout(timer)
      isSending.delete(request)
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
