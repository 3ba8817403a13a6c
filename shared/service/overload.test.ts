import { Door } from '#chapters/08-load-shedding/door.ts'
import { LoopDelay } from '#chapters/08-load-shedding/loop-delay.ts'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { sleep } from '../core/sleep.ts'
import { eventually } from '../testing/outcome.ts'
import { PATIENT } from '../testing/patient.ts'
import { startParcel } from './harness.ts'
import { HANDLES, listen } from './listen.ts'

const QUOTES = '/quotes?from=Lisbon&to=Oslo&grams=1200'
const ANY = { port: 0, host: '127.0.0.1' }

/** With one place, which somebody has who waits for pigeon. */
async function full(env: Record<string, string> = {}) {
  const parcel = await startParcel({ ...PATIENT, MAX_IN_FLIGHT: '1', MAX_WAITING: '0', ...env })
  await parcel.fleet.setFault('pigeon', { kind: 'blackhole' })
  const origin = await parcel.app.listen(ANY)
  const metrics = async () => (await fetch(`${origin}/metrics`)).text()
  const hangUp = new AbortController()
  onTestFinished(() => hangUp.abort())
  fetch(origin + QUOTES, { signal: hangUp.signal }).catch(() => {})
  let text = ''
  for (let i = 0; i < 50 && !text.includes('parcel_inside 1'); i++) text = await metrics()
  expect(text, 'somebody is at work').toContain('parcel_inside 1')
  return { ...parcel, origin, metrics, hangUp }
}

/** With RETRY_AFTER_S at 600. */
async function refusedFive(ask: () => Promise<Response>): Promise<void> {
  const told = new Set<number>()
  for (let i = 0; i < 5; i++) {
    const refused = await ask()
    expect(await refused.json()).toMatchObject({ status: 503, reason: 'overloaded' })
    told.add(Number(refused.headers.get('retry-after')))
  }
  // By chance, one run of ten million is wrong here.
  expect(told.size, 'different ones among five, of 600').toBeGreaterThan(1)
  expect(Math.max(...told), 'the longest of five, of 600').toBeGreaterThan(20)
  expect(Math.max(...told), 'the longest of five, of 600').toBeLessThanOrEqual(600)
}

test('whoever is too many is refused at once, and told when to come again', async () => {
  const { origin, metrics, fleet, hangUp } = await full()
  const refused = await fetch(origin + QUOTES)
  expect(refused.status).toBe(503)
  expect(refused.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  expect(refused.headers.get('retry-after')).toMatch(/^([1-9]|1\d|20)$/)
  expect(await refused.json()).toMatchObject({ status: 503, reason: 'overloaded' })
  expect(await metrics()).toContain('parcel_refused_total{because="full",urgency="5"} 1')
  for (const probe of ['/livez', '/readyz']) expect((await fetch(origin + probe)).status, probe).toBe(200)

  await fleet.setFault('pigeon', null)
  hangUp.abort()
  let status = 503
  for (let i = 0; i < 50 && status === 503; i++) status = (await fetch(origin + QUOTES)).status
  expect(status, 'the place has come back').toBe(200)
})

test('a thousand refusals are not a thousand lines, and not all are told to come at the same moment', async () => {
  const { origin, lines } = await full({ RETRY_AFTER_S: '600' })
  await refusedFive(() => fetch(origin + QUOTES))
  await eventually(() => lines.some(({ msg }) => msg === 'overloaded'))
  expect(lines.filter(({ msg }) => msg === 'overloaded')).toMatchObject([{ status: 503, reason: 'full' }])
  expect(lines.filter(({ msg, status }) => msg === 'request' && status === 503)).toEqual([])
})

test('an upload is refused like everybody else', async () => {
  const { origin, metrics } = await full({ RETRY_AFTER_S: '600' })
  const headers = { 'content-type': 'application/x-ndjson' }
  await refusedFive(() => fetch(`${origin}/scans`, { method: 'POST', headers, body: '{}\n' }))
  expect(await metrics()).toContain('parcel_refused_total{because="full",urgency="6"} 5')
})

test('more at work than there are sockets is told at the start', async () => {
  const { lines } = await startParcel({ ...PATIENT, CARRIER_CONNECTIONS: '4', MAX_IN_FLIGHT: '9' })
  expect(lines.filter(({ level }) => level === 40)).toMatchObject([{ MAX_IN_FLIGHT: 9, sockets: 8 }])
})

test('a limit that learns stops with its server', async () => {
  const stop = vi.spyOn(LoopDelay.prototype, 'stop')
  const { app } = await startParcel({ ...PATIENT, MAX_LOOP_DELAY_MS: '20' })
  const { body } = await app.inject('/metrics')
  expect(body).toContain('parcel_places 64')
  expect(stop).not.toHaveBeenCalled()
  await app.close()
  expect(stop).toHaveBeenCalledOnce()
})

test('one waits for MAX_WAIT_MS, or for MAX_BURST_WAIT_MS if that is more', async () => {
  const short = await full({ MAX_WAITING: '1', MAX_WAIT_MS: '1', MAX_BURST_WAIT_MS: '1' })
  expect((await fetch(short.origin + QUOTES)).status, 'a millisecond, and no place').toBe(503)
  expect(await short.metrics()).toContain('parcel_refused_total{because="waited",urgency="5"} 1')

  for (const [wait, burst] of [
    ['20000', '1'],
    ['1', '20000'],
  ]) {
    const { origin, metrics, fleet, hangUp } = await full({
      MAX_WAITING: '1',
      MAX_WAIT_MS: wait!,
      MAX_BURST_WAIT_MS: burst!,
    })
    const waiting = fetch(origin + QUOTES)
    let text = ''
    for (let i = 0; i < 50 && !text.includes('parcel_waiting 1'); i++) text = await metrics()
    // For longer than the chapter's own default.
    await sleep(150)
    await fleet.setFault('pigeon', null)
    hangUp.abort()
    expect((await waiting).status, `MAX_WAIT_MS ${wait}, MAX_BURST_WAIT_MS ${burst}, and a place after 150 ms`).toBe(
      200,
    )
  }
})

test('no more begin in a turn of the loop than an eighth of what is accepted in it', async () => {
  const { app } = await startParcel(PATIENT)
  const { enter } = Door.prototype
  const begun: number[] = [0]
  vi.spyOn(Door.prototype, 'enter').mockImplementation(async function (this: Door, visitor) {
    const pass = await enter.call(this, visitor)
    begun[begun.length - 1]!++
    return pass
  })
  const asked = Array.from({ length: HANDLES }, () => app.inject(QUOTES))
  while (begun.reduce((sum, those) => sum + those) < HANDLES) {
    await new Promise((resolve) => setImmediate(resolve))
    begun.push(0)
  }
  for (const { statusCode } of await Promise.all(asked)) expect(statusCode).toBe(200)
  expect(Math.max(...begun), 'that began in one turn').toBe(HANDLES / 8)
})

test('it listens through many sockets, but not on a port that somebody else has', async () => {
  const other = createServer().listen(ANY)
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const { port } = other.address() as AddressInfo
  const { app } = await startParcel()
  await expect(listen(app, { ...ANY, port })).rejects.toMatchObject({ code: 'EADDRINUSE' })

  const second = await startParcel()
  const origin = await listen(second.app, ANY)
  expect((await fetch(`${origin}/livez`)).status).toBe(200)
  const shared = Number(new URL(origin).port)
  // Two Parcels on one port would each have half of the customers, and nobody would have been told.
  await expect(listen(app, { ...ANY, port: shared })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  expect(HANDLES).toBeGreaterThan(1)
})
