import { expect, onTestFinished, test, vi } from 'vitest'
import { LiveLatency } from '#chapters/06-hedged-requests/latency.ts'
import { holdTheClock } from '../testing/clock.ts'
import { createMetrics } from './metrics.ts'
import { Upstream } from './upstream.ts'

const config = { name: 'swift', replicas: ['http://127.0.0.1:1', 'http://127.0.0.1:2'] }
const limits = {
  connections: 1,
  connectMs: 100,
  headersMs: 100,
  bodyMs: 100,
  maxBytes: 1000,
  callMs: 250,
  attempts: 2,
  breaker: {},
}

test('an answer that is there, and only not read yet, needs no hedge', async () => {
  holdTheClock()
  const hedgedBy = new LiveLatency({ percentile: 90 })
  const upstream = new Upstream(config, limits, createMetrics())
  onTestFinished(() => upstream.close())
  const patience = { signal: new AbortController().signal, deadline: Infinity }
  const send = (exchange: () => Promise<string>) => upstream.send(exchange, patience, { hedgedBy })
  // These teach it what late is, and earn what a hedge costs.
  for (let i = 0; i < 100; i++) await send(async () => 'quick')

  const { promise, resolve } = Promise.withResolvers<string>()
  const exchange = vi.fn(() => promise)
  const answer = send(exchange)
  vi.advanceTimersByTime(1000)
  resolve('late')
  expect(await answer).toBe('late')
  expect(exchange, 'asked a second replica, though the first had answered').toHaveBeenCalledTimes(1)
})

test('a hedge does not begin all the retries anew: layers that repeat each other multiply', async () => {
  const hedgedBy = new LiveLatency({ percentile: 90 })
  const upstream = new Upstream(config, { ...limits, attempts: 3 }, createMetrics())
  onTestFinished(() => upstream.close())
  const patience = { signal: new AbortController().signal, deadline: Infinity }
  const send = (exchange: () => Promise<string>) => upstream.send(exchange, patience, { hedgedBy })
  // These earn what retries and hedges cost.
  for (let i = 0; i < 50; i++) await send(async () => 'quick')

  const fails = vi.fn(async (): Promise<string> => {
    throw Object.assign(new Error('hung up'), { code: 'ECONNRESET' })
  })
  await expect(send(fails)).rejects.toThrow('swift: reset')
  expect(fails).toHaveBeenCalledTimes(3)
})
