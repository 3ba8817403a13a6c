import { expect, onTestFinished, test, vi } from 'vitest'
import { CircuitBreaker } from '#chapters/04-circuit-breaker/circuit-breaker.ts'
import { holdTheClock } from '../testing/clock.ts'
import { eventually } from '../testing/outcome.ts'
import { PATIENT } from '../testing/patient.ts'
import { startDouble, startParcel } from './harness.ts'
import { priorityOf } from './priority.ts'
import { isOwnDelay, type Patience, Replica } from './replica.ts'
import { RoutedSockets } from './routed-sockets.ts'

const LIMITS = { connections: 2, connectMs: 9000, headersMs: 9000, bodyMs: 9000, maxBytes: 1000, callMs: 9000 }
const ROUTES = { critical: 1, batch: 1, queue: 1, queueMs: 9000, idleMs: 3000, warm: 2 }

/** A replica whose quotes have no answer until they are let go. */
async function start(routes: Partial<typeof ROUTES> = {}, socketMs = Infinity) {
  const waiting: (() => void)[] = []
  const double = await startDouble((request, response) => {
    if (request.url === '/quotes') waiting.push(() => response.end('quote'))
    else response.end('booked')
  })
  const limits = { ...LIMITS, socketMs, routes: { ...ROUTES, ...routes } }
  const way = new RoutedSockets('pigeon-0', double.replicas[0]!, limits)
  const breaker = new CircuitBreaker({ consecutiveFailures: 1, isExcluded: isOwnDelay })
  const replica = new Replica(double.replicas[0]!, breaker, limits, way)
  onTestFinished(async () => {
    for (const answer of waiting) answer()
    await way.close()
  })
  const { signal } = new AbortController()
  const ask = (path: string, priority: NonNullable<Patience['priority']>) =>
    replica.ask(
      async (client, { signal }) => {
        const { body } = await client.request({ method: 'GET', path, signal })
        return body.text()
      },
      { signal, deadline: Infinity, priority },
    )
  return { way, breaker, ask, waiting }
}

test('a booking has a socket, whatever the quotes are doing', async () => {
  const { ask, waiting } = await start()
  const quotes = [ask('/quotes', 'standard'), ask('/quotes', 'standard'), ask('/quotes', 'standard')]
  await eventually(() => waiting.length === 2, 50)
  expect(await ask('/bookings', 'critical')).toBe('booked')
  expect(await ask('/bookings', 'batch')).toBe('booked')
  const all = Promise.all(quotes)
  const letGo = setInterval(() => waiting.splice(0).forEach((answer) => answer()), 5)
  expect(await all).toEqual(['quote', 'quote', 'quote'])
  clearInterval(letGo)
})

test('a queue of ours that is full is no failure of the replica, a dial that fails is one', async () => {
  const { ask, breaker, waiting } = await start({ queue: 0 })
  void Promise.all([ask('/quotes', 'standard'), ask('/quotes', 'standard')])
  await eventually(() => waiting.length === 2, 50)
  await expect(ask('/quotes', 'standard')).rejects.toMatchObject({ code: 'BULKHEAD_FULL', route: 'pigeon-0/standard' })
  expect(breaker.state.status).toBe('closed')

  const nobody = 'http://127.0.0.1:1'
  const away = new RoutedSockets('pigeon-1', nobody, { ...LIMITS, routes: ROUTES })
  const its = new CircuitBreaker({ consecutiveFailures: 1, isExcluded: isOwnDelay })
  const replica = new Replica(nobody, its, LIMITS, away)
  onTestFinished(() => replica.close())
  const { signal } = new AbortController()
  const asked = replica.ask((client) => client.request({ method: 'GET', path: '/' }), { signal, deadline: Infinity })
  await expect(asked).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  expect(its.state.status).toBe('open')
})

test('sockets are opened anew after their time, to where DNS points by then', async () => {
  holdTheClock()
  onTestFinished(() => void vi.useRealTimers())
  const { way, ask } = await start({ idleMs: 100_000 }, 60_000)
  const dialed = () => way.routes.routes['pigeon-0/critical']!.dialed
  await ask('/bookings', 'critical')
  vi.advanceTimersByTime(59_000)
  await ask('/bookings', 'critical')
  expect(dialed()).toBe(1)
  vi.advanceTimersByTime(1000)
  await ask('/bookings', 'critical')
  expect(dialed()).toBe(2)
})

test('how urgent a request is decides by which sockets it goes; nobody pushes ahead', () => {
  const of = (urgency: number | undefined, priority?: string) =>
    priorityOf({ headers: { priority }, routeOptions: { config: { urgency } } } as never)
  expect(of(1), 'a booking').toBe('critical')
  expect(of(3), 'a read').toBe('standard')
  expect(of(5), 'a quote').toBe('standard')
  expect(of(undefined), 'a route that says nothing').toBe('standard')
  expect(of(5, 'u=7'), 'a price list').toBe('batch')
  expect(of(5, 'u=0'), 'whoever says that a quote is urgent').toBe('standard')
  expect(of(1, 'u=7'), 'a booking that can wait').toBe('batch')
})

test('Parcel is not ready until its sockets are open, and tells how its routes are', async () => {
  const { app } = await startParcel({ ...PATIENT, CARRIER_WARM: '1', METRICS_PORT: '' })
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const statuses: number[] = []
  for (let i = 0; i < 200 && statuses.at(-1) !== 200; i++) statuses.push((await fetch(`${origin}/readyz`)).status)
  expect(statuses.at(-1)).toBe(200)
  const text = await (await fetch(`${origin}/metrics`)).text()
  for (const route of ['critical', 'standard'])
    expect(text).toContain(`parcel_route_sockets{carrier="swift",replica="1",route="${route}"} 1`)
  expect(text).toContain('parcel_route_sockets{carrier="swift",replica="1",route="batch"} 0')
  expect(text).toContain('parcel_route_refused_total{carrier="pigeon",replica="0",route="critical",why="full"} 0')
  expect(text).toContain('parcel_route_unknown_total{carrier="pigeon",replica="0"} 0')
})
