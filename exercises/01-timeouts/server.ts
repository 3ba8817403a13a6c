import '../../shared/core/fastify.ts'
import type { Server } from 'node:http'
import type { FastifyHttpOptions, FastifyInstance } from 'fastify'

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

/** Options for `Fastify(…)`. */
export function serverOptions({ balancerIdleMs }: ServerLimits): FastifyHttpOptions<Server> {
  // The same as the balancer, so that the two agree.
  return { keepAliveTimeout: balancerIdleMs }
}

/** Gives each request its `deadline` and its `abortSignal`, and ends what takes too long. */
export function limitServer(app: FastifyInstance, _limits: ServerLimits): void {
  app.decorateRequest('deadline', Infinity)
  app.addHook('onRequest', async (request) => {
    request.abortSignal = new AbortController().signal
  })
}
