import '../../shared/core/fastify.ts'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyHttpOptions, FastifyInstance } from 'fastify'
import { TimeoutError } from '../../shared/core/errors.ts'
import { DEADLINE_HEADER, deadlineFrom } from './deadline.ts'
import { withTimeout } from './timeout.ts'

/** Every limit of one server, in milliseconds. */
export interface ServerLimits {
  /** To receive a request's headers. */
  headersMs: number
  /** To receive a whole request, body included; at least `headersMs`. */
  requestMs: number
  /** After which the balancer in front closes an idle connection. */
  balancerIdleMs: number
  /** Between two chunks of a request's body. */
  bodyChunkMs: number
  /** For a handler, from the request's headers to the response's last byte. */
  handlerMs: number
}

/** Options for `Fastify(…)`: the limits that Node itself keeps, on sockets that have not yet become a request. */
export function serverOptions({ headersMs, requestMs, balancerIdleMs }: ServerLimits): FastifyHttpOptions<Server> {
  return {
    requestTimeout: requestMs,
    // Whoever closes first wins; if it is the server, the balancer's next request meets a closed socket: a 502.
    keepAliveTimeout: balancerIdleMs + 5_000,
    // Node looks for late requests every 30 s unless told otherwise, so a limit of 5 s would be one of 35.
    http: { headersTimeout: headersMs, connectionsCheckingInterval: Math.ceil(headersMs / 4) },
  }
}

/** Gives each request its `deadline` and its `abortSignal`, and ends what takes too long. */
export function limitServer(app: FastifyInstance, { handlerMs, bodyChunkMs }: ServerLimits): void {
  app.decorateRequest('deadline', Infinity)
  app.decorateRequest('abortSignal')

  app.addHook('onRequest', async (request, reply) => {
    const hangUp = new AbortController()
    // The response's close, not the request's: that one comes as soon as a body is read (and Fastify's own
    // `request.signal` with it). Ended or not is what tells a normal end from a client that went away.
    reply.raw.once('close', () => {
      if (!reply.raw.writableEnded) hangUp.abort(new Error('The client hung up'))
    })

    request.deadline = deadlineFrom(
      request.headers[DEADLINE_HEADER],
      request.routeOptions.config.handlerMs ?? handlerMs,
    )
    const untilAnswered = (signal: AbortSignal) => {
      request.abortSignal = signal
      return once(reply.raw, 'close')
    }
    withTimeout(untilAnswered, Infinity, { deadline: request.deadline, signal: hangUp.signal }).catch((error) => {
      if (!(error instanceof TimeoutError)) return
      // A status line in the middle of a body would be read as part of it; a broken connection is at least honest.
      if (reply.raw.headersSent || reply.sent) reply.raw.destroy()
      // Also for a deadline that had passed on arrival: this comes before the hook's end, so no handler runs.
      else reply.code(504).send(error)
    })
  })

  app.addHook('preParsing', async (_request, _reply, payload) => {
    // Fastify closes the connection of a body that it could not read: what is left of it would be the next request.
    return Readable.from(paced(payload, bodyChunkMs)).on('error', (error) => Object.assign(error, { statusCode: 408 }))
  })
}

/** The chunks of `source`, none of which may take longer than `chunkMs`. Only the reader's waiting counts. */
async function* paced(source: AsyncIterable<Buffer>, chunkMs: number) {
  const chunks = source[Symbol.asyncIterator]()
  for (;;) {
    const { done, value } = await withTimeout(() => chunks.next(), chunkMs)
    if (done) return
    yield value
  }
}
