import { type FastifyInstance, LogController } from 'fastify'
import type { Metrics } from './metrics.ts'

/** Not Fastify's two lines for each request, of which the second is missing when the client hangs up. */
class NoLines extends LogController {
  override incomingRequest() {}
  override requestCompleted() {}
}
/** Options for `Fastify(…)`. */
export const requestOptions = { logController: new NoLines() }

/** With a label of their own. A method is whatever somebody sends, and a series for each would fill the memory of all. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'OPTIONS'])

declare module 'fastify' {
  interface FastifyRequest {
    /** Its line in the log is one of many, told as a sum: a line each would cost most when there is nothing left to pay it. */
    isTallied: boolean
  }
}

/** Observes each request when it is over, however it ended: once for the metrics, and in one line of the log. */
export function followRequests(app: FastifyInstance, { requests }: Metrics): void {
  app.decorateRequest('isTallied', false)
  app.addHook('onRequest', (request, reply, done) => {
    // Node calls eleven a leak. Each chapter that ends with the answer listens for its end, and a stream does, several times.
    reply.raw.setMaxListeners(20)
    const startedAt = performance.now()
    reply.raw.once('close', () => {
      const { method, url, log } = request
      const ms = performance.now() - startedAt
      const status = reply.raw.writableFinished ? reply.raw.statusCode : 'aborted'
      // The pattern and not the address: a label for every shipment would be a series for each, too.
      const route = request.routeOptions.url ?? 'none'
      requests.observe({ method: METHODS.has(method) ? method : 'other', route, status }, ms / 1000)
      if (!request.isTallied) log.info({ method, url, status, ms: Math.round(ms) }, 'request')
    })
    done()
  })
}
