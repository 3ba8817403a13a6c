import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { PATIENT } from '../testing/patient.ts'
import { clockLeaps } from '../testing/clock.ts'
import { eventually } from '../testing/outcome.ts'
import { buildParcel, startDouble, startParcel } from './harness.ts'
import type { Quotes } from './schemas.ts'

const urlOf = (from = 'Lisbon', grams = 1200) => `/quotes?from=${encodeURIComponent(from)}&to=Oslo&grams=${grams}`
const QUOTES = urlOf()
/** Fresh for a minute, as a price may be, and patient enough for a machine that has other things to do. */
const FRESH = { ...PATIENT, QUOTE_FRESH_MS: '60000', QUOTE_PATIENCE_MS: '9000' }
/** Never fresh: whoever asks asks, and what there was is given when that fails. */
const STALE = { ...PATIENT, QUOTE_PATIENCE_MS: '9000' }

/** A carrier that says what the test wants. */
async function fake(env: Record<string, string>) {
  const state = {
    status: 200,
    cents: 590,
    asked: [] as string[],
    hold: undefined as Promise<void> | undefined,
    heavy: undefined as Promise<void> | undefined,
  }
  const carrier = await startDouble(async ({ url = '' }, response) => {
    state.asked.push(url)
    const { status, cents } = state
    await state.hold
    if (url.endsWith('grams=1500')) await state.heavy
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(status === 200 ? { cents, currency: 'EUR', days: 2 } : {}))
  })
  return { ...buildParcel([carrier], env), state }
}

test('a price that is fresh is given again, and a booking asks anew', async () => {
  const { app, fleet } = await startParcel(FRESH)
  const calls = () =>
    fleet.stats().reduce((sum, { replicas }) => sum + replicas.reduce((all, { started }) => all + started, 0), 0)
  const first = await app.inject(QUOTES)
  expect(first.json<Quotes>().quotes).toHaveLength(5)
  expect(first.headers).toMatchObject({ 'cache-control': 'private, max-age=59' })
  expect(first.headers).not.toHaveProperty('age')
  const before = calls()
  const second = await app.inject(urlOf('  Lisbon '))
  expect(second.json()).toEqual(first.json())
  expect(calls(), 'calls, when the same is asked again').toBe(before)
  expect(second.headers, 'from the max-age, a cache takes the age').toMatchObject({
    'cache-control': 'private, max-age=59',
    age: '0',
  })
  expect(second.headers['cache-status']).toMatch(/^albatross;hit;ttl=59, kestrel;hit;ttl=59, /)
  const payload = { carrier: 'pigeon', from: 'Lisbon', to: 'Oslo', grams: 1200 }
  await app.inject({ method: 'POST', url: '/shipments', headers: { 'idempotency-key': 'order-1' }, payload })
  expect(calls()).toBeGreaterThan(before)
})

test('a crowd shares one call to each carrier', async () => {
  const { app, state } = await fake(STALE)
  let answer = () => {}
  state.hold = new Promise((resolve) => (answer = resolve))
  const crowd = Array.from({ length: 30 }, () => app.inject(QUOTES))
  await eventually(() => state.asked.length > 0, 200)
  for (let i = 0; i < 5; i++) await eventually(() => false, 5)
  answer()
  const answers = await Promise.all(crowd)
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(30).fill(200))
  expect(state.asked.length, 'calls for thirty').toBe(1)
  const statuses = answers.map(({ headers }) => headers['cache-status'])
  expect(statuses.filter((status) => status === 'double;fwd=miss')).toHaveLength(1)
  expect(statuses.filter((status) => status === 'double;fwd=miss;collapsed')).toHaveLength(29)
})

test('a price that is stale says so, and how old it is', async () => {
  const { app, state } = await fake(STALE)
  await app.inject(QUOTES)
  state.status = 503
  clockLeaps(12_500)
  const { statusCode, headers, body } = await app.inject(QUOTES)
  expect(statusCode).toBe(200)
  expect(JSON.parse(body)).toEqual({
    quotes: [{ carrier: 'double', cents: 590, currency: 'EUR', days: 2, stale: true, ageS: 12 }],
    missing: [],
  })
  expect(headers).toMatchObject({
    'cache-control': 'no-store',
    age: '12',
    'cache-status': 'double;fwd=stale;fwd-status=503;ttl=-13',
  })
  const { body: metrics } = await app.inject('/metrics')
  expect(metrics).toContain('parcel_quote_cache_total{carrier="double",how="miss"} 1')
  expect(metrics).toContain('parcel_quote_cache_total{carrier="double",how="stale"} 1')
  expect(metrics).toContain('parcel_quote_cache_entries 1')
})

test('a carrier that is slow has its old price given, and is asked on', async () => {
  const { app, state } = await fake({ ...STALE, QUOTE_PATIENCE_MS: '20' })
  await app.inject(QUOTES)
  let answer = () => {}
  state.hold = new Promise((resolve) => (answer = resolve))
  const slow = await app.inject(QUOTES)
  expect(slow.json<Quotes>().quotes).toMatchObject([{ stale: true, ageS: 0 }])
  expect(slow.headers['cache-status']).toBe('double;hit;ttl=-1')
  // On a busy machine, patience may end before the call has come as far as the carrier.
  await vi.waitUntil(() => state.asked.length > 1, 5_000)
  answer()
  expect(state.asked.length, 'calls').toBe(2)
})

test('a carrier that says no is believed, and one that wants less asked of it is not', async () => {
  for (const [status, reason] of [
    [422, 'status-422'],
    [429, undefined],
  ] as const) {
    const { app, state } = await fake({ ...STALE, CARRIER_ATTEMPTS: '1' })
    await app.inject(QUOTES)
    state.status = status
    const { statusCode, body } = await app.inject(QUOTES)
    if (reason) expect(JSON.parse(body).missing, `after a ${status}`).toEqual([{ carrier: 'double', reason }])
    else expect({ statusCode, ...JSON.parse(body) }, `after a ${status}`).toMatchObject({ quotes: [{ stale: true }] })
  }
})

test('with QUOTE_ERROR_MS=0 each asks for himself, and nothing is kept', async () => {
  const { app, state } = await fake({ ...STALE, QUOTE_ERROR_MS: '0' })
  await Promise.all([app.inject(QUOTES), app.inject(QUOTES)])
  expect(state.asked.length).toBe(2)
  expect((await app.inject(QUOTES)).headers, 'of what there is not').not.toHaveProperty('cache-status')
  state.status = 503
  expect((await app.inject(QUOTES)).statusCode).toBe(503)
})

test('carriers are asked for what is kept, in whatever way it was typed', async () => {
  const { app, state } = await fake(STALE)
  await app.inject(urlOf(' Sa\u0303o   Paulo '))
  expect(new URL(state.asked[0]!, 'http://double').searchParams.get('from')).toBe('São Paulo')
})

test('a deadline of the caller’s ends his waiting, and not the others’ call', async () => {
  const { app, state } = await fake(STALE)
  let answer = () => {}
  state.hold = new Promise((resolve) => (answer = resolve))
  const patient = app.inject(QUOTES)
  await eventually(() => state.asked.length > 0, 200)
  const hurried = await app.inject({ url: QUOTES, headers: { 'deadline-ms': '60' } })
  expect(hurried.statusCode).toBe(504)
  answer()
  expect((await patient).statusCode).toBe(200)
  expect(state.asked.length, 'calls').toBe(1)
})

describe('extras', () => {
  function flagsFile(text: string): { path: string; write: (text: string) => void } {
    const folder = mkdtempSync(join(tmpdir(), 'flags-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'flags.json')
    const write = (text: string) => writeFileSync(path, text)
    write(text)
    return { path, write }
  }

  test('there is none unless a file says so', async () => {
    const { app, state } = await fake(STALE)
    expect((await app.inject(QUOTES)).json()).toEqual({ quotes: [expect.anything()], missing: [] })
    expect(state.asked.length).toBe(1)
  })

  test('room is up to how many grams the cheapest costs the same', async () => {
    const { path } = flagsFile('{ "room": "on" }')
    const { app, state } = await fake({ ...STALE, FLAGS_FILE: path, QUOTE_EXTRA_MS: '9000' })
    expect((await app.inject(QUOTES)).json()).toMatchObject({ room: 1500 })
    expect(state.asked[1]).toContain('grams=1500')
    expect((await app.inject(urlOf('Rome', 30_000))).json(), 'there is no more than 30 kg').not.toHaveProperty('room')
    expect(state.asked.length).toBe(3)
    const { body } = await app.inject('/metrics')
    expect(body).toContain('parcel_extras_total{extra="room",status="given"} 2')
    expect(body).toContain('parcel_brightness 1')
  })

  test('an extra that is late is a warning, and keeps nobody waiting', async () => {
    const { path } = flagsFile('{ "room": "on" }')
    const { app, state } = await fake({ ...FRESH, FLAGS_FILE: path, QUOTE_EXTRA_MS: '20' })
    await app.inject(urlOf('Rome', 1500))
    // What was asked before is there; at the next 500 g, nobody has asked.
    state.hold = new Promise(() => {})
    const { quotes, room, warnings } = (await app.inject(urlOf('Rome', 1500))).json<Quotes>()
    expect({ quotes: quotes.length, room, warnings }).toEqual({ quotes: 1, room: 2000, warnings: undefined })
    const other = await fake({ ...FRESH, FLAGS_FILE: path, QUOTE_EXTRA_MS: '20' })
    other.state.heavy = new Promise(() => {})
    const late = (await other.app.inject(urlOf('Rome', 1200))).json<Quotes>()
    expect({ quotes: late.quotes.length, warnings: late.warnings }).toEqual({ quotes: 1, warnings: ['room: late'] })
  })

  test('the file is reread, and nonsense in it changes nothing', async () => {
    const { path, write } = flagsFile('{ "room": "on" }')
    const { app, state, lines } = await fake({ ...STALE, FLAGS_FILE: path, QUOTE_EXTRA_MS: '9000' })
    await app.inject(QUOTES)
    expect(state.asked.length).toBe(2)
    const said = () => lines.filter(({ FLAGS_FILE }) => FLAGS_FILE !== undefined)
    write('{ "room": "yes", "rooom": "off" }')
    await vi.waitFor(() => expect(said()).toHaveLength(1), 5000)
    expect(said()[0], 'all of it in one line').toMatchObject({
      level: 40,
      reason: expect.stringMatching(/room must be one of on, off, auto; got 'yes'; 'rooom' is no flag/),
    })
    await app.inject(QUOTES)
    expect(state.asked.length, 'the last good ones stay').toBe(4)
    write('{ "room": "off" }')
    await vi.waitFor(async () => expect((await app.inject(QUOTES)).json()).not.toHaveProperty('room'), 5000)
    rmSync(path)
    await vi.waitFor(() => expect(said()).toHaveLength(2), 5000)
    expect((await app.inject(QUOTES)).json()).not.toHaveProperty('room')
  })
})
