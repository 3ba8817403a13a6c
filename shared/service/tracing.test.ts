import { type Context, propagation, type Span, trace as tracing, TraceFlags } from '@opentelemetry/api'
import type { FastifyInstance } from 'fastify'
import { request } from 'undici'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { buildParcel, startDouble } from './harness.ts'

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const QUOTES = '/quotes?from=Lisbon&to=Oslo&grams=1200'

/** Parcel with one carrier, and what that one was told. */
async function startTold() {
  const told: Record<string, unknown>[] = []
  const double = await startDouble((request, response) => {
    told.push(request.headers)
    response.end('{ "cents": 590, "currency": "EUR", "days": 2 }')
  })
  return { ...buildParcel([double]), told }
}

test('a caller’s trace goes on: to the carriers, into the log and back, each time as a span of ours', async () => {
  const { app, told, lines } = await startTold()
  const headers = { traceparent: TRACEPARENT, tracestate: 'rojo=00f067aa0ba902b7' }
  const response = await app.inject({ url: QUOTES, headers })
  const [, traceId, spanId, flags] = /^00-(\w{32})-(\w{16})-(\w\w)$/.exec(String(told[0]!.traceparent)) ?? []
  expect([traceId, flags]).toEqual(['4bf92f3577b34da6a3ce929d0e0e4736', '01'])
  expect(spanId, 'still the caller’s span, though it is we who ask').not.toBe('00f067aa0ba902b7')
  expect(told[0]).toMatchObject({ tracestate: headers.tracestate })
  expect(response.headers.traceresponse).toBe(told[0]!.traceparent)
  expect(lines).toContainEqual(expect.objectContaining({ traceId, spanId, reqId: response.headers['x-request-id'] }))
})

test.for([
  ['none', undefined],
  ['an empty one', ''],
  ['two of them', `${TRACEPARENT}, ${TRACEPARENT}`],
  ['capitals', TRACEPARENT.toUpperCase()],
  ['the forbidden version', TRACEPARENT.replace('00-', 'ff-')],
  ['a trace of zeros', '00-00000000000000000000000000000000-00f067aa0ba902b7-01'],
  ['a span of zeros', '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01'],
  ['a field too many for its version', `${TRACEPARENT}-00`],
  ['a field too few', TRACEPARENT.slice(0, -3)],
  ['a line of somebody else’s', `${TRACEPARENT}\tx`],
])('a traceparent that is not one begins a new trace, without its tracestate: %s', async ([, traceparent]) => {
  const { app, told } = await startTold()
  const response = await app.inject({
    url: QUOTES,
    headers: { ...(traceparent !== undefined && { traceparent }), tracestate: 'rojo=1' },
  })
  expect(response.statusCode).toBe(200)
  expect(told[0]!.traceparent).toMatch(/^00-(?!4bf92f35)[\da-f]{32}-[\da-f]{16}-02$/)
  expect(told[0]).not.toHaveProperty('tracestate')
})

test('of a later version we read what we know, and send on our own', async () => {
  const { app, told } = await startTold()
  await app.inject({ url: QUOTES, headers: { traceparent: `01${TRACEPARENT.slice(2, -2)}ff-what-the-future-brings` } })
  expect(told[0]!.traceparent).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[\da-f]{16}-03$/)
})

test('a tracestate longer than anybody must carry is dropped, and the trace goes on', async () => {
  const { app, told } = await startTold()
  await app.inject({ url: QUOTES, headers: { traceparent: TRACEPARENT, tracestate: `rojo=${'0'.repeat(600)}` } })
  expect(told[0]!.traceparent).toMatch('4bf92f3577b34da6a3ce929d0e0e4736')
  expect(told[0]).not.toHaveProperty('tracestate')
})

test.for(['order-4711', '01J9Z3/retry:2', 'a'.repeat(128)])('a caller’s request id is kept: %s', async (id) => {
  const { app, told, lines } = await startTold()
  const response = await app.inject({ url: QUOTES, headers: { 'x-request-id': id } })
  expect(response.headers['x-request-id']).toBe(id)
  expect(told[0]).toMatchObject({ 'x-request-id': id })
  expect(lines).toContainEqual(expect.objectContaining({ reqId: id }))
})

test.for(['', ' ', 'a b', 'é', '{"level":60}', 'a'.repeat(129), 'a, b'])(
  'what is no request id is replaced, and reaches neither log nor carrier: %j',
  async (id) => {
    const { app, told, lines } = await startTold()
    const response = await app.inject({ url: QUOTES, headers: { 'x-request-id': id } })
    expect(response.headers['x-request-id']).toMatch(/^[\da-f-]{36}$/)
    expect(told[0]).toMatchObject({ 'x-request-id': response.headers['x-request-id'] })
    expect(
      lines.every(({ reqId = response.headers['x-request-id'] }) => reqId === response.headers['x-request-id']),
    ).toBe(true)
  },
)

test('also an answer that no route gives says whose it is', async () => {
  const { app } = await startTold()
  for (const url of ['/nowhere', '/shipments/%E0%A4%A']) {
    const { headers } = await app.inject({ url, headers: { 'x-request-id': 'order-4711' } })
    expect(headers['x-request-id']).toBe('order-4711')
  }
})

describe('with an OpenTelemetry SDK', () => {
  interface Ended {
    name: string
    kind: number
    id: string
    parentId: string | undefined
    attributes: Record<string, unknown>
    failed: boolean
  }

  const ended: Ended[] = []

  /** What of an SDK matters to us: it makes spans, and knows what to write into headers. */
  beforeAll(() => {
    let spans = 0
    const startSpan = (name: string, options: { kind?: number; attributes?: object } = {}, parent?: Context): Span => {
      const id = String(++spans).padStart(16, '0')
      const above = parent && tracing.getSpanContext(parent)
      const record = { name, kind: options.kind ?? 0, id, parentId: above?.spanId, failed: false }
      const attributes: Record<string, unknown> = { ...options.attributes }
      const spanContext = { traceId: above?.traceId ?? '1'.repeat(32), spanId: id, traceFlags: TraceFlags.SAMPLED }
      const span = {
        spanContext: () => spanContext,
        isRecording: () => true,
        setAttribute: (key: string, value: unknown) => ((attributes[key] = value), span),
        updateName: (name: string) => ((record.name = name), span),
        setStatus: () => ((record.failed = true), span),
        end: () => void ended.push({ ...record, attributes }),
      } as unknown as Span
      return span
    }
    tracing.setGlobalTracerProvider({ getTracer: () => ({ startSpan, startActiveSpan: startSpan }) as never })
    propagation.setGlobalPropagator({
      fields: () => ['x-made-up'],
      inject(context, carrier) {
        const span = tracing.getSpanContext(context)
        ;(carrier as Record<string, string>)['x-made-up'] = `${span?.traceId}:${span?.spanId}`
      },
      extract(context, carrier) {
        const [traceId, spanId] = String((carrier as Record<string, unknown>)['x-made-up'] ?? '').split(':')
        if (!traceId || !spanId) return context
        return tracing.setSpanContext(context, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true })
      },
    })
  })
  afterAll(() => {
    tracing.disable()
    propagation.disable()
  })
  afterEach(() => void ended.splice(0))

  // Over a socket: an injected request has no end that one could tell from a client that hangs up.
  async function ask(app: FastifyInstance, headers = {}) {
    const { body } = await request(`${await app.listen({ port: 0 })}${QUOTES}`, { headers, reset: true })
    await body.dump()
    await vi.waitFor(() => expect(ended).toHaveLength(2), 10_000)
  }

  test('each request is a span, and each attempt at a carrier one below it', async () => {
    const { app, told, lines } = await startTold()
    const traceId = 'a'.repeat(32)
    await ask(app, { 'x-made-up': `${traceId}:${'b'.repeat(16)}` })
    const [attempt, whole] = ended
    expect(whole).toMatchObject({
      name: 'GET /quotes',
      kind: 1,
      parentId: 'b'.repeat(16),
      failed: false,
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/quotes',
        'url.path': '/quotes',
        'http.response.status_code': 200,
      },
    })
    expect(attempt).toMatchObject({ name: 'double', kind: 2, parentId: whole!.id, failed: false })
    expect(told[0], 'the carrier’s parent is the attempt, by the propagator that is installed').toMatchObject({
      'x-made-up': `${traceId}:${attempt!.id}`,
      'x-request-id': expect.any(String),
    })
    expect(lines).toContainEqual(expect.objectContaining({ traceId, spanId: whole!.id }))
  })

  test('what fails says why', async () => {
    const { app } = buildParcel([await startDouble((_request, response) => response.writeHead(500).end())], {
      CARRIER_ATTEMPTS: '1',
    })
    await ask(app)
    expect(ended.map(({ failed }) => failed)).toEqual([true, true])
    expect(ended[0]!.attributes).toMatchObject({ 'error.type': 'status-500' })
    expect(ended[1]!.attributes).toMatchObject({ 'http.response.status_code': 503 })
  })
})
