import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { TimeoutError } from '../core/errors.ts'
import { isBodyOnItsWay } from './request-body.ts'
import { CarrierError } from './reasons.ts'

const PROBLEM_TYPE = 'application/problem+json'

interface ProblemOptions {
  cause?: unknown
  headers?: Record<string, string | number>
  /** Further members of the body (RFC 9457, section 3.2). */
  extensions?: Record<string, unknown>
}

/** An answer that is not a success, as it goes to the caller: so nothing in it may be a secret. */
export class Problem extends Error {
  readonly status: number
  readonly headers: Record<string, string | number>
  readonly extensions: Record<string, unknown>

  constructor(status: number, detail: string, { cause, headers = {}, extensions = {} }: ProblemOptions = {}) {
    super(detail, { cause })
    this.status = status
    this.headers = headers
    this.extensions = extensions
  }

  /** RFC 9457. The type `about:blank` says that the status tells it all; the title is then its name. */
  toJSON(): object {
    const { status, message: detail, extensions } = this
    return { type: 'about:blank', title: STATUS_CODES[status], status, detail, ...extensions }
  }
}

/** Everything that goes wrong in a request, from a missing field to a bug, leaves as `application/problem+json`. */
export function answerProblems(app: FastifyInstance): void {
  app.setErrorHandler(answer)

  // Who is stopped because the 504 has gone out fails after it: no mistake of ours either, which Fastify would call it.
  app.addHook('onRoute', (route) => {
    const { handler } = route
    route.handler = function (request, reply) {
      const answered: unknown = handler.call(this, request, reply)
      if (!(answered instanceof Promise)) return answered
      return answered.catch((error: unknown) => {
        if (!reply.sent) throw error
        log(error, problemOf(error, request), request)
      })
    }
  })
}

/** Options for `Fastify(…)`: the same for what never becomes a request of a route. */
export const problemOptions = { frameworkErrors: answer, clientErrorHandler }

function answer(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const problem = problemOf(error, request)
  log(error, problem, request)
  return send(problem, reply)
}

/** Callers err and carriers fail every day; a mistake of our own is news, each time, and with its stack. */
function log(error: unknown, { status, message, extensions }: Problem, { log, server }: FastifyRequest): void {
  if (status === 500) log.error({ err: error }, message)
  else server.tally(log, { status, ...extensions }, message)
}

function send(problem: Problem, reply: FastifyReply) {
  // What is no request of a route has met no hook that would have said it.
  reply.header('x-request-id', reply.request.id)
  return reply.code(problem.status).headers(problem.headers).type(PROBLEM_TYPE).send(JSON.stringify(problem))
}

function problemOf(error: unknown, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error
  if (error instanceof CarrierError && error.reason !== 'error') return carrierProblem(error)
  const { statusCode = 500, message } = (error ?? {}) as Partial<FastifyError>
  // Fastify's own complaints about the request (400, 408, 413, 415, …) are meant for the caller.
  if (statusCode >= 400 && statusCode < 500) return new Problem(statusCode, message ?? '', { cause: error })
  if (error instanceof TimeoutError) {
    return isBodyOnItsWay(request)
      ? new Problem(408, 'The request’s body did not arrive in time', { cause: error })
      : new Problem(504, 'There was no answer in time', { cause: error })
  }
  return new Problem(500, `This is our mistake; the log has more under request ${request.id}`, { cause: error })
}

const BY_REASON: Record<string, [status: number, says: string]> = {
  timeout: [504, 'did not answer in time'],
  busy: [503, 'is asked for more than we have sockets for'],
  'bad-answer': [502, 'answered something that we cannot read'],
  untrusted: [502, 'does not prove who it is'],
  'too-large': [502, 'answered more than we are willing to read'],
  'status-404': [404, 'has no such shipment'],
  'status-422': [422, 'knows this Idempotency-Key from another parcel; a new booking needs a new key'],
}

function carrierProblem(error: CarrierError): Problem {
  const { carrier, reason, retryAfterS } = error
  const [status, says] = BY_REASON[reason] ?? [503, 'cannot do it now']
  const headers = status === 503 ? { 'retry-after': retryAfterS } : undefined
  return new Problem(status, `${carrier} ${says}`, { cause: error, headers, extensions: { carrier, reason } })
}

/** A socket with what Node is writing to it; undocumented, but its own handler for such errors asks the same. */
interface Answering extends Socket {
  _httpMessage?: ServerResponse | null
}

/** Not even HTTP: there is a socket, and nothing else to answer with. */
function clientErrorHandler({ code }: NodeJS.ErrnoException, socket: Answering): void {
  // In the middle of an answer to what came before, a status line would be read as part of it.
  const { _httpMessage: answer } = socket
  if (code === 'ECONNRESET' || !socket.writable || answer?.headersSent) return void socket.destroy()
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') answerRaw(socket, new Problem(408, 'The request did not arrive in time'))
  else {
    const status = code === 'HPE_HEADER_OVERFLOW' ? 431 : 400
    answerRaw(socket, new Problem(status, 'This is not an HTTP request that we can read'))
  }
}

/** The answer where there is no request that Fastify knows of; it is the connection's last. */
export function answerRaw(socket: Duplex, problem: Problem): void {
  const body = JSON.stringify(problem)
  const headers = {
    ...problem.headers,
    'content-type': PROBLEM_TYPE,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  socket.end([`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`, ...lines, '', body].join('\r\n'))
}
