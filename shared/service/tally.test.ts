import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import { CARRIER_NAMES } from '../carriers/fleet.ts'
import { holdTheClock } from '../testing/clock.ts'
import { buildParcel, inVirtualTime, startParcel } from './harness.ts'
import { createTally } from './tally.ts'

const QUOTES = '/quotes?from=Lisbon&to=Oslo&grams=1200'

function start() {
  holdTheClock()
  const lines: Record<string, unknown>[] = []
  const log = pino({}, { write: (line) => lines.push(JSON.parse(line)) }).child({ reqId: 'r-1' })
  const tally = createTally()
  return { lines, fail: (reason: string) => tally(log, { carrier: 'pigeon', reason }, 'no quote') }
}

test('what fails for the first time is a line, with the request it failed in', () => {
  const { lines, fail } = start()
  fail('open')
  fail('timeout')
  expect(lines).toMatchObject([
    { reqId: 'r-1', carrier: 'pigeon', reason: 'open', msg: 'no quote' },
    { reqId: 'r-1', carrier: 'pigeon', reason: 'timeout', msg: 'no quote' },
  ])
})

test('what goes on failing is one line in ten seconds, with how often it failed in between', () => {
  const { lines, fail } = start()
  for (let second = 0; second < 25; second++) {
    for (let i = 0; i < 100; i++) fail('open')
    vi.advanceTimersByTime(1000)
  }
  expect(lines.map(({ more }) => more)).toEqual([undefined, 999, 999])
})

test('what fails again after a while is news, and has nothing to add', () => {
  const { lines, fail } = start()
  fail('open')
  vi.advanceTimersByTime(10_001)
  fail('open')
  expect(lines.map(({ more }) => more)).toEqual([undefined, undefined])
})

test('quotes that breakers refuse are no line each, and not one stack', { timeout: 30_000 }, async () => {
  const { app, fleet, lines } = await startParcel({ CARRIER_ATTEMPTS: '1' })
  for (const name of CARRIER_NAMES) await fleet.setFault(name, { kind: '5xx' })
  await inVirtualTime(async () => {
    for (let i = 0; i < 30; i++) expect((await app.inject(QUOTES)).statusCode).toBe(503)
  })
  const failures = lines.filter(({ msg }) => msg !== 'request' && !String(msg).startsWith('breaker'))
  // Each carrier with a 503, and then with its open breaker; and the answer that comes of it.
  expect(failures.length, JSON.stringify(failures)).toBeLessThanOrEqual(11)
  expect(JSON.stringify(lines)).not.toMatch('"stack"')
})

test('a request is one line, with how it ended', async () => {
  const { app, lines } = buildParcel([])
  await app.inject({ method: 'DELETE', url: '/quotes' })
  const [line, ...more] = lines.filter(({ msg }) => msg === 'request')
  expect(more).toEqual([])
  expect(line).toMatchObject({ method: 'DELETE', url: '/quotes', ms: expect.any(Number), reqId: expect.any(String) })
})
