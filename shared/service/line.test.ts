import { expect, onTestFinished, test } from 'vitest'
import { LiveLatency } from '#chapters/06-hedged-requests/latency.ts'
import { RateLimiter } from '#chapters/07-rate-limiting/limiter.ts'
import { PATIENT } from '../testing/patient.ts'
import { startParcel } from './harness.ts'
import { createMetrics } from './metrics.ts'
import { Upstream, type UpstreamLimits } from './upstream.ts'

const limits: UpstreamLimits = {
  connections: 1,
  connectMs: 100,
  headersMs: 100,
  bodyMs: 100,
  maxBytes: 1000,
  callMs: 250,
  attempts: 2,
  breaker: { consecutiveFailures: 1 },
}
const patience = () => ({ signal: new AbortController().signal, deadline: Infinity })

function upstreamBehind(line: RateLimiter, more: Partial<UpstreamLimits> = {}) {
  const upstream = new Upstream(
    { name: 'swift', replicas: ['http://127.0.0.1:1', 'http://127.0.0.1:2'] },
    { ...limits, line, ...more },
    createMetrics(),
  )
  onTestFinished(() => upstream.close())
  return upstream
}

test('who finds no place in the line of a carrier goes without: rate-limited, and no failure of the carrier’s', async () => {
  const upstream = upstreamBehind(new RateLimiter({ perSecond: 0.01, burst: 1 }), { lineMs: 50 })
  let asked = 0
  const exchange = async () => `answer ${++asked}`
  expect(await upstream.send(exchange, patience())).toBe('answer 1')
  await expect(upstream.send(exchange, patience())).rejects.toMatchObject({ reason: 'rate-limited', retryAfterS: 100 })
  await expect(upstream.send(exchange, patience(), { hedgedBy: new LiveLatency({ percentile: 90 }) })).rejects.toThrow(
    'swift: rate-limited',
  )
  expect(asked, 'a refusal of our own is not tried again, nor elsewhere').toBe(1)
  expect(upstream.replicas.map(({ breaker }) => breaker.state.status)).toEqual(['closed', 'closed'])
})

test('every attempt takes its turn', async () => {
  const line = new RateLimiter({ perSecond: 50, burst: 1 })
  const upstream = upstreamBehind(line, { breaker: {} })
  const at: number[] = []
  const beganAt = performance.now()
  const fails = async (): Promise<string> => {
    at.push(performance.now() - beganAt)
    throw Object.assign(new Error('hung up'), { code: 'ECONNRESET' })
  }
  for (let i = 0; i < 3; i++) await expect(upstream.send(fails, patience())).rejects.toThrow('swift: reset')
  expect(at.length, 'attempts: three calls, of which each is tried twice').toBe(6)
  // One that is late is followed by one that is on time: what holds is when each may come at the earliest. Timers round.
  at.forEach((ms, i) => expect(ms, `ms until attempt ${i + 1}, at 50 a second`).toBeGreaterThan(20 * i - 1))
})

test('a hedge takes what is there, or nothing', async () => {
  const hedgedBy = new LiveLatency({ percentile: 90 })
  for (let i = 0; i < 100; i++) hedgedBy.record(2)
  for (const [burst, expected] of [
    [1, 1],
    [2, 2],
  ] as const) {
    const quick = upstreamBehind(new RateLimiter({ perSecond: 1000, burst: 50 }))
    // These earn what a hedge costs.
    for (let i = 0; i < 40; i++) await quick.send(async () => 'quick', patience(), { hedgedBy })
    const line = new RateLimiter({ perSecond: 0.1, burst: burst + 40 })
    const upstream = upstreamBehind(line, { breaker: {} })
    for (let i = 0; i < 40; i++) await upstream.send(async () => 'quick', patience(), { hedgedBy })
    let asked = 0
    const slow = async () => {
      asked++
      await new Promise((resolve) => setTimeout(resolve, 100))
      return 'slow'
    }
    expect(await upstream.send(slow, patience(), { hedgedBy })).toBe('slow')
    expect(asked, `asked, where ${burst} may`).toBe(expected)
    expect(line.waiting).toBe(0)
  }
})

test('a quote says who was left out for its rate, and the metrics who waits', async () => {
  const { app } = await startParcel({ ...PATIENT, CARRIER_RATES: 'pigeon=0.001', CARRIER_WAIT_MS: '10' })
  // Of another parcel, or there is an old price.
  const quote = (grams: number) => app.inject({ method: 'GET', url: `/quotes?from=Rome&to=Oslo&grams=${grams}` })
  expect((await quote(500)).json().missing).toEqual([])
  expect((await quote(600)).json().missing).toEqual([{ carrier: 'pigeon', reason: 'rate-limited' }])
  const { body } = await app.inject({ method: 'GET', url: '/metrics' })
  expect(body).toContain('parcel_carrier_line{carrier="pigeon"} 0')
  expect(body).toContain('parcel_carrier_outcomes_total{carrier="pigeon",outcome="rate-limited"} 1')
})

test('a booking that finds no place is a 503 that says when', async () => {
  // Who is refused at the door, for a turn of the loop that took long, has not taken the place.
  const env = { ...PATIENT, MAX_WAIT_MS: '20000', CARRIER_RATES: 'pigeon=0.02', CARRIER_WAIT_MS: '10' }
  const { app } = await startParcel(env)
  const { statusCode } = await app.inject({ method: 'GET', url: '/quotes?from=Rome&to=Oslo&grams=500' })
  expect(statusCode).toBe(200)
  const answer = await app.inject({
    method: 'POST',
    url: '/shipments',
    headers: { 'idempotency-key': 'order-1' },
    payload: { carrier: 'pigeon', from: 'Rome', to: 'Oslo', grams: 500 },
  })
  expect(answer.statusCode).toBe(503)
  expect(answer.json()).toMatchObject({ carrier: 'pigeon', reason: 'rate-limited' })
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(40)
})
