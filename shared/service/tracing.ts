import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import {
  type Attributes,
  type Context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace as tracing,
} from '@opentelemetry/api'
import type { FastifyInstance } from 'fastify'
import { reasonOf } from './reasons.ts'
import { idsFrom, type SpanIds, tracestateFrom, traceparentOf } from './traceparent.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose request it is, for whom we ask and for the log. */
    trace: Trace
  }
}

/** What one request is called, here and at everybody who is asked for its sake. */
export interface Trace {
  readonly ids: SpanIds
  /** What whoever is asked for its sake is told. */
  readonly headers: Readonly<Record<string, string>>
  /** Only where somebody has installed an OpenTelemetry SDK; without one, nothing is recorded. */
  readonly recorded?: { readonly span: Span; readonly context: Context }
}

const REQUEST_ID = 'x-request-id'
/** Until a request has one of its own: Fastify makes its logger from the raw request, and before any hook. */
const TRACE = Symbol('trace')
type Traced = IncomingMessage & { [TRACE]?: Trace }

const tracer = tracing.getTracer('parcel')

/** The caller's id for the request, if it is one to put into a log and a header as it is; else one of our own. */
export const requestIdFrom = ({ headers }: IncomingMessage): string => {
  const sent = headers[REQUEST_ID]
  return typeof sent === 'string' && /^[\w.:/+=@~-]{1,128}$/.test(sent) ? sent : randomUUID()
}

/** Every request goes on with the trace that it came with, or begins one; its lines in the log and its answer say which. */
export function traceRequests(app: FastifyInstance): void {
  app.decorateRequest('trace')
  app.setChildLoggerFactory((logger, bindings, options, raw) => {
    const trace = beginTrace(raw, String(bindings.reqId))
    ;(raw as Traced)[TRACE] = trace
    return logger.child({ ...bindings, traceId: trace.ids.traceId, spanId: trace.ids.spanId }, options)
  })
  app.addHook('onRequest', (request, reply, done) => {
    const trace = (request.raw as Traced)[TRACE]!
    request.trace = trace
    // `traceresponse` is the draft's for the way back: https://w3c.github.io/trace-context/#trace-context-http-response-headers-format
    reply.headers({ [REQUEST_ID]: request.id, traceresponse: traceparentOf(trace.ids) })
    if (!trace.recorded) return done()
    const { span } = trace.recorded
    const route = request.routeOptions.url
    span.updateName(`${request.method} ${route ?? ''}`.trim())
    if (route) span.setAttribute('http.route', route)
    reply.raw.once('close', () => {
      const { statusCode, writableFinished } = reply.raw
      span.setAttribute('http.response.status_code', statusCode)
      if (!writableFinished || statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end()
    })
    done()
  })
}

function beginTrace({ method = 'GET', url, headers }: IncomingMessage, requestId: string): Trace {
  const parent = propagation.extract(ROOT_CONTEXT, headers)
  const attributes = { 'http.request.method': method, 'url.path': url?.replace(/\?.*/, '') }
  const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parent)
  const recorded = span.spanContext()
  if (isSpanContextValid(recorded)) {
    const context = tracing.setSpan(parent, span)
    return { ids: recorded, headers: injected(context, requestId), recorded: { span, context } }
  }
  // Nobody records spans here. The trace goes on all the same, so that its lines in everybody's log are found together.
  const ids = idsFrom(headers.traceparent)
  // Without a traceparent that one understands, a tracestate means nothing (Trace Context, section 3.3).
  const tracestate = ids.parentId ? tracestateFrom(headers.tracestate) : undefined
  return {
    ids,
    headers: { [REQUEST_ID]: requestId, traceparent: traceparentOf(ids), ...(tracestate && { tracestate }) },
  }
}

/**
 * Runs `work`, one HTTP request that is sent for the sake of a traced one, as a span of its own if anybody records them.
 *
 * @param work gets the headers that it is to send along
 */
export async function inSpan<T>(
  trace: Trace | undefined,
  name: string,
  attributes: Attributes,
  work: (headers: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  if (!trace?.recorded) return work(trace?.headers ?? {})
  const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, trace.recorded.context)
  try {
    return await work(injected(tracing.setSpan(trace.recorded.context, span), trace.headers[REQUEST_ID]!))
  } catch (error) {
    span.setAttribute('error.type', reasonOf(error)).setStatus({ code: SpanStatusCode.ERROR })
    throw error
  } finally {
    span.end()
  }
}

function injected(context: Context, requestId: string): Record<string, string> {
  const headers = { [REQUEST_ID]: requestId }
  propagation.inject(context, headers)
  return headers
}
