import '../../shared/core/fastify.ts'
import type { Server } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyHttpOptions, FastifyInstance, FastifyRequest } from 'fastify'
import { TimeoutError } from '../../shared/core/errors.ts'
import { checkOptions, count, limitMs } from '../../shared/core/options.ts'
import { DEADLINE_HEADER, deadlineFrom, remainingMs } from './deadline.ts'
import { withTimeout } from './timeout.ts'

/** Every limit of one server, in milliseconds. */
export interface ServerLimits {
  /** To receive a request's headers: whole milliseconds, 1 or more. */
  headersMs: number
  /** To receive a whole request, body included: whole milliseconds, at least `headersMs`. */
  requestMs: number
  /** After which the balancer in front closes an idle connection: whole milliseconds. */
  balancerIdleMs: number
  /** Between two chunks of a request's body, and before the first. */
  bodyChunkMs: number
  /** From a request's headers to the response's last byte, the upload included; a route's `config.handlerMs` replaces it. */
  handlerMs: number
}

/**
 * Options for `Fastify(…)`: the limits that Node itself keeps, on sockets that have not yet become a request.
 *
 * @throws RangeError for a limit that is none
 */
export function serverOptions(limits: ServerLimits): FastifyHttpOptions<Server> {
  checkOptions(limits, { headersMs: count, requestMs: count, balancerIdleMs: count })
  return {
    requestTimeout: limits.requestMs,
    // Whoever closes first wins; if it is the server, the balancer's next request meets a closed socket: a 502.
    keepAliveTimeout: limits.balancerIdleMs + 5_000,
    // Node looks for late requests every 30 s unless told otherwise, so a limit of 5 s would be one of 35.
    http: { headersTimeout: limits.headersMs, connectionsCheckingInterval: Math.ceil(0.25 * limits.headersMs) },
  }
}

/**
 * Gives each request its `deadline` and its `abortSignal`, and ends what takes too long. Hooks run in the order in which
 * they were added: those before it have no limit.
 *
 * @throws RangeError for a limit that is none
 */
export function limitServer(app: FastifyInstance, limits: ServerLimits): void {
  checkOptions(limits, { handlerMs: limitMs, bodyChunkMs: limitMs })
  app.decorateRequest('deadline', Infinity)
  app.decorateRequest('abortSignal')
  const answering = new WeakSet<FastifyRequest>()

  app.addHook('onRequest', async (request, reply) => {
    const answered = Promise.withResolvers<void>()
    const hangUp = new AbortController()
    // The response's close, not the request's: that one comes as soon as a body is read (and Fastify's own
    // `request.signal` with it). Ended or not is what tells a normal end from a client that went away.
    reply.raw.once('close', () => {
      if (reply.raw.writableEnded) answered.resolve()
      else hangUp.abort(new Error('The client hung up'))
    })

    const { handlerMs = limits.handlerMs } = request.routeOptions.config
    request.deadline = deadlineFrom(request.headers[DEADLINE_HEADER], handlerMs)
    const untilAnswered = (signal: AbortSignal) => {
      request.abortSignal = signal
      return answered.promise
    }
    const { deadline } = request
    withTimeout(untilAnswered, Infinity, { deadline, signal: hangUp.signal }).catch((error) => {
      if (!(error instanceof TimeoutError)) return
      // A status line in the middle of a body would be read as part of it, and an answer that is on its way through
      // the hooks would go out with the status of this one; a broken connection is at least honest.
      if (reply.raw.headersSent || reply.sent || answering.has(request)) return reply.raw.destroy()
      // The rest of a body that is not there yet would be the next request.
      if (!request.raw.complete) reply.header('connection', 'close')
      reply.code(504).send(error)
    })
    // A deadline that had passed on arrival: no handler runs once its answer is out, which a hook may take its time for.
    if (remainingMs(deadline) === 0) await answered.promise
  })

  app.addHook('preParsing', (request, _reply, payload, done) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
    if (!length && !encoding) return done(null, payload)
    const { abortSignal } = request
    const body = Readable.from(paced(payload, limits.bodyChunkMs, abortSignal)).on('error', (error) => {
      // Fastify closes the connection of a body that it could not read: what is left of it would be the next request.
      if (!abortSignal.aborted) Object.assign(error, { statusCode: 408 })
    })
    done(null, body)
  })

  app.addHook('onSend', (request, _reply, _payload, done) => {
    answering.add(request)
    done()
  })
}

/** The chunks of `source`, none of which may take longer than `chunkMs`. Only the reader's waiting counts. */
async function* paced(source: AsyncIterable<Buffer>, chunkMs: number, signal: AbortSignal) {
  const chunks = source[Symbol.asyncIterator]()
  for (;;) {
    const { done, value } = await withTimeout(() => chunks.next(), chunkMs, { signal })
    if (done) return
    yield value
  }
}
