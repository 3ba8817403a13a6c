import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from './problems.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Its body may last for longer than 01's limit, and is heard out when it was answered early. */
    isUpload?: true
  }
}

/** Whether the client has announced a body and not sent all of it. */
export function isBodyOnItsWay({ raw, headers }: FastifyRequest): boolean {
  const isAnnounced = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  return isAnnounced && raw.complete === false
}

/** Node's limit for a whole request is one for all, and uploads have another one: so it is kept here for all the others. */
export function limitArrival(app: FastifyInstance, requestMs: number): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.isUpload || !isBodyOnItsWay(request)) return done()
    const { raw } = request
    const timer = setTimeout(() => {
      if (raw.complete) return
      const error = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
      app.server.emit('clientError', error, raw.socket)
    }, requestMs)
    reply.raw.once('close', () => clearTimeout(timer))
    done()
  })
}

/** Refuses a body before it comes, or has it come. To be called after whatever else has to do with requests and bodies. */
export function admitBodies(app: FastifyInstance): void {
  // Node would say `100 Continue` at once, and have a body sent that is then refused.
  app.server.on('checkContinue', (...exchange) => app.server.emit('request', ...exchange))

  app.addHook('onRequest', ({ headers, routeOptions: { bodyLimit } }, _reply, done) => {
    const { 'content-encoding': coding = 'identity' } = headers
    if (coding.toLowerCase() !== 'identity') {
      const headers = { 'accept-encoding': 'identity' }
      throw new Problem(415, `We read no body that is encoded as ${coding}`, { headers })
    }
    if (Number(headers['content-length']) > bodyLimit)
      throw new Problem(413, `The body is longer than ${bodyLimit} bytes`)
    done()
  })

  app.addHook('preParsing', (request, reply, payload, done) => {
    if (request.headers.expect && !reply.raw.headersSent) reply.raw.writeContinue()
    if (!isBodyOnItsWay(request)) return done(null, payload)
    // Who was answered before the body's end has cut it short by that: Fastify would answer again, and log that it cannot.
    const { emit } = payload
    const emitUnlessAnswered = (event: string, ...args: unknown[]) =>
      event === 'error' && reply.sent ? false : emit.call(payload, event, ...args)
    // Not assigned as a literal, or it would keep the request until the next major collection (leash.ts).
    payload.emit = emitUnlessAnswered
    done(null, payload)
  })

  // What is still to come of a body that nobody reads would be the next request, or the limit on it a second answer.
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (isBodyOnItsWay(request) && !request.routeOptions.config.isUpload) reply.header('connection', 'close')
    done()
  })
}
