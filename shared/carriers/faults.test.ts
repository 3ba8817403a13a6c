import { once } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import { outcomeOf, eventually } from '../testing/outcome.ts'
import { behaviourOf } from './behaviours.ts'
import { completeFault, FAULT_KINDS, parseFault, readFault } from './faults.ts'
import { openFleet, QUOTE } from './harness.ts'

/** Reads a body to its end or its failure, and keeps what came before the failure. */
async function drain(body: AsyncIterable<Buffer>) {
  const chunks: Buffer[] = []
  const text = () => Buffer.concat(chunks).toString()
  try {
    for await (const chunk of body) chunks.push(chunk)
    return { text: text(), chunks, error: undefined }
  } catch (error) {
    return { text: text(), chunks, error }
  }
}

describe('a caller of a carrier that is', () => {
  test('healthy again gets its answer, whatever the fault was', async () => {
    const { fleet, fetchJson } = await openFleet()
    for (const kind of FAULT_KINDS) {
      await fleet.setFault('pigeon', { kind })
      await fleet.setFault('pigeon', null)
      expect((await fetchJson(QUOTE)).body, kind).toMatchObject({ carrier: 'pigeon' })
    }
  })

  test('refused: sees its open connection cut, ECONNREFUSED from then on, and later the same port again', async () => {
    const { fleet, call, fetchJson, originOf, statsOf } = await openFleet()
    await fleet.setFault('pigeon', { kind: 'blackhole' })
    const open = call(QUOTE)
    const cut = outcomeOf(open)
    await eventually(() => statsOf('pigeon').inFlight === 1)
    await fleet.setFault('pigeon', { kind: 'refused' })
    expect(await cut).toMatchObject({ status: 'rejected', reason: { code: 'UND_ERR_SOCKET' } })
    await expect(call(QUOTE)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    const origin = originOf('pigeon')
    await fleet.setFault('pigeon', null)
    expect(statsOf('pigeon').origin).toBe(origin)
    expect((await fetchJson(QUOTE)).status).toBe(200)
  })

  test('blackhole, slow-headers or dripping-body: is let in, and waits until its own patience ends', async () => {
    const { fleet, book, call, statsOf } = await openFleet({}, { headersTimeout: 50, bodyTimeout: 50 })
    await fleet.setFault('pigeon', { kind: 'blackhole' })
    await fleet.setFault('pelican', { kind: 'slow-headers', delayMs: 3_600_000 })
    await fleet.setFault('swift', { kind: 'dripping-body', everyMs: 3_600_000 })
    const dripping = await call(QUOTE, { carrier: 'swift' })
    expect(dripping.statusCode).toBe(200)
    // Together, because undici looks at its clocks only once a second.
    await Promise.all([
      expect(book('key')).rejects.toMatchObject({ code: 'UND_ERR_HEADERS_TIMEOUT' }),
      expect(book('key', { carrier: 'pelican' })).rejects.toMatchObject({ code: 'UND_ERR_HEADERS_TIMEOUT' }),
      expect(drain(dripping.body)).resolves.toMatchObject({ text: '', error: { code: 'UND_ERR_BODY_TIMEOUT' } }),
    ])
    for (const name of ['pigeon', 'pelican', 'swift']) {
      expect(await eventually(() => statsOf(name).aborted === 1), name).toBe(true)
    }
    expect(
      fleet.stats().map(({ bookings }) => bookings),
      'no work was done',
    ).toEqual([0, 0, 0, 0, 0])
  })

  test('blackhole: is not answered once the fault is over, only its next call is', async () => {
    const { fleet, call, fetchJson, statsOf } = await openFleet()
    await fleet.setFault('pigeon', { kind: 'blackhole' })
    const controller = new AbortController()
    const lost = call(QUOTE, { signal: controller.signal })
    await eventually(() => statsOf('pigeon').inFlight === 1)
    await fleet.setFault('pigeon', null)
    expect((await fetchJson(QUOTE)).status).toBe(200)
    expect(await outcomeOf(lost)).toEqual({ status: 'pending' })
    controller.abort()
    await expect(lost).rejects.toThrow()
  })

  test('slow-headers: has the usual answer after delayMs', async () => {
    const { fleet, fetchJson } = await openFleet()
    await fleet.setFault('pigeon', { kind: 'slow-headers', delayMs: 1 })
    expect((await fetchJson(QUOTE)).body).toMatchObject({ carrier: 'pigeon' })
  })

  test('dripping-body: gets a byte at a time, so that no limit between two chunks is ever reached', async () => {
    const { fleet, call } = await openFleet()
    await fleet.setFault('pigeon', { kind: 'dripping-body', everyMs: 2 })
    const { headers, body } = await call(QUOTE)
    const { text, chunks } = await drain(body)
    expect(JSON.parse(text)).toMatchObject({ carrier: 'pigeon' })
    expect(headers['content-length']).toBe(String(text.length))
    expect(chunks.length).toBeGreaterThan(text.length / 2)
  })

  test('truncated-body: gets half of what content-length promised, then the end of the connection', async () => {
    const { fleet, call } = await openFleet()
    await fleet.setFault('pigeon', { kind: 'truncated-body' })
    const { statusCode, headers, body } = await call(QUOTE)
    const { text, error } = await drain(body)
    expect(statusCode).toBe(200)
    expect(text).toHaveLength(Math.floor(Number(headers['content-length']) / 2))
    expect(error).toMatchObject({ code: 'UND_ERR_SOCKET', message: 'other side closed' })
  })

  test('reset: gets half of the body, then ECONNRESET', async () => {
    const { fleet, call } = await openFleet()
    await fleet.setFault('pigeon', { kind: 'reset' })
    const { statusCode, headers, body } = await call(QUOTE)
    const { text, error } = await drain(body)
    expect(statusCode).toBe(200)
    expect(text).toHaveLength(Math.floor(Number(headers['content-length']) / 2))
    expect(error).toMatchObject({ code: 'ECONNRESET' })
  })

  test('reset or truncated in a booking: does not know that it was booked, and learns it by the same key', async () => {
    const { fleet, book } = await openFleet()
    for (const [bookings, kind] of [
      [1, 'reset'],
      [2, 'truncated-body'],
    ] as const) {
      await fleet.setFault('pigeon', { kind })
      await expect(book(kind)).rejects.toThrow()
      await fleet.setFault('pigeon', null)
      expect(await book(kind)).toMatchObject({ status: 200, body: { id: String(bookings) } })
      expect(fleet.stats().find(({ name }) => name === 'pigeon')).toMatchObject({ bookings })
    }
  })

  test('malformed-json: gets a whole answer that it cannot read', async () => {
    const { fleet, call } = await openFleet()
    await fleet.setFault('pigeon', { kind: 'malformed-json' })
    const { statusCode, headers, body } = await call(QUOTE)
    const { text, error } = await drain(body)
    expect(error).toBeUndefined()
    expect({ statusCode, length: headers['content-length'] }).toEqual({ statusCode: 200, length: String(text.length) })
    expect(headers['content-type']).toBe('application/json')
    expect(() => JSON.parse(text)).toThrow(SyntaxError)
  })

  test('huge-body: is told no length, and gets all of it unless it has a limit', async () => {
    const { fleet, call } = await openFleet()
    await fleet.setFault('pigeon', { kind: 'huge-body', bytes: 1_000_000 })
    const { headers, body } = await call(QUOTE)
    const { text } = await drain(body)
    expect(headers['content-length']).toBeUndefined()
    expect(text.length).toBe(1_000_000 + text.trim().length)
    expect(JSON.parse(text)).toMatchObject({ carrier: 'pigeon' })

    const limited = await openFleet({}, { maxResponseSize: 65_536 })
    await limited.fleet.setFault('pigeon', { kind: 'huge-body' })
    await expect(limited.fetchJson(QUOTE)).rejects.toMatchObject({ code: 'UND_ERR_RES_EXCEEDED_MAX_SIZE' })
    expect(await eventually(() => limited.statsOf('pigeon').aborted === 1)).toBe(true)
  })

  test('5xx: gets the status at once, for the share that was asked for', async () => {
    const { fleet, fetchJson, book } = await openFleet()
    await fleet.setFault('pigeon', { kind: '5xx' })
    expect((await fetchJson(QUOTE)).status).toBe(503)
    expect((await book()).status).toBe(503)
    expect(fleet.stats().every(({ bookings }) => bookings === 0)).toBe(true)

    const statuses = async () => {
      await fleet.setFault('pigeon', { kind: '5xx', status: 502, rate: 0.3 })
      const seen: number[] = []
      while (seen.length < 50) seen.push((await fetchJson(QUOTE)).status)
      return seen
    }
    const seen = await statuses()
    expect(new Set(seen)).toEqual(new Set([200, 502]))
    const failures = seen.filter((status) => status === 502).length
    expect(failures).toBeGreaterThan(5)
    expect(failures).toBeLessThan(25)
    expect(await statuses()).toEqual(seen)
  })

  test('429: gets a Retry-After in whole seconds', async () => {
    const { fleet, fetchJson } = await openFleet()
    await fleet.setFault('pigeon', { kind: '429' })
    expect(await fetchJson(QUOTE)).toMatchObject({ status: 429, headers: { 'retry-after': '1' } })
    await fleet.setFault('pigeon', { kind: '429', retryAfterS: 30 })
    expect(await fetchJson(QUOTE)).toMatchObject({ status: 429, headers: { 'retry-after': '30' } })
  })

  test('stuck-after-half-open: gets 503, then loses its probes, then is served', async () => {
    const { fleet, call, fetchJson, statsOf } = await openFleet()
    await fleet.setFault('pigeon', { kind: 'stuck-after-half-open', failMs: 3_600_000 })
    expect((await fetchJson(QUOTE)).status).toBe(503)

    await fleet.setFault('pigeon', { kind: 'stuck-after-half-open', failMs: 0, probes: 2 })
    const controller = new AbortController()
    const probes = [1, 2].map(() => call(QUOTE, { signal: controller.signal }))
    expect(await eventually(() => statsOf('pigeon').inFlight === 2)).toBe(true)
    expect((await fetchJson(QUOTE)).status).toBe(200)
    for (const probe of probes) expect(await outcomeOf(probe)).toEqual({ status: 'pending' })
    controller.abort()
    for (const probe of probes) await expect(probe).rejects.toThrow()
  })
})

test('stuck-after-half-open fails for failMs from the moment it is set, and counts its probes after that', async () => {
  vi.useFakeTimers()
  const { before } = behaviourOf(completeFault({ kind: 'stuck-after-half-open' }), Math.random)
  const gone = new AbortController()
  expect(await before?.(gone.signal)).toMatchObject({ status: 503 })
  vi.advanceTimersByTime(1999)
  expect(await before?.(gone.signal)).toMatchObject({ status: 503 })
  vi.advanceTimersByTime(1)
  const probe = before?.(gone.signal)
  expect(await before?.(gone.signal)).toBeUndefined()
  gone.abort()
  await expect(probe).rejects.toBe(gone.signal.reason)
})

test('an event stream is subject to the faults of a body too', async () => {
  const { fleet, book, call } = await openFleet({ statusMs: 0 })
  const { body: booking } = await book()
  const path = `/shipments/${booking.id}/events`
  await fleet.setFault('pigeon', { kind: 'truncated-body' })
  expect(await drain((await call(path)).body)).toMatchObject({ error: { code: 'UND_ERR_SOCKET' } })
  await fleet.setFault('pigeon', { kind: 'dripping-body', everyMs: 1 })
  const { body } = await call(path)
  const [first] = await once(body, 'data')
  expect(first).toHaveLength(1)
  body.destroy()
})

describe('a fault in words', () => {
  test('needs no more than its kind, or takes every parameter', () => {
    for (const kind of FAULT_KINDS) expect(readFault(kind)).toEqual(completeFault({ kind }))
    expect(readFault('5xx,status=502,rate=0.5\n')).toEqual({ kind: '5xx', status: 502, rate: 0.5 })
    expect(readFault(' { "kind": "429", "retryAfterS": 7 }')).toEqual({ kind: '429', retryAfterS: 7 })
    expect(parseFault('pigeon:blackhole')).toEqual({ carrier: 'pigeon', fault: { kind: 'blackhole' } })
    expect(parseFault('swift/1:reset,afterMs=0')).toEqual({
      carrier: 'swift',
      replica: 1,
      fault: { kind: 'reset', afterMs: 0 },
    })
  })

  test.each([
    ['pigeon', 'expected carrier:fault'],
    ['pigeon/2:reset', 'expected carrier:fault'],
    ['crow:reset', 'there are albatross, kestrel, pelican, pigeon, swift'],
    ['pigeon:slow', 'blackhole, slow-headers'],
    ['pigeon:toString', 'blackhole, slow-headers'],
    ['pigeon:reset,delayMs=1', 'it takes afterMs'],
    ['pigeon:blackhole,delayMs=1', 'it takes no parameter'],
    ['pigeon:5xx,rate=1.5', 'rate is a number from 0 to 1, got 1.5'],
    ['pigeon:5xx,status=404', 'status is a whole number from 500 to 599, got 404'],
    ['pigeon:429,retryAfterS=0.5', 'retryAfterS is a whole number'],
    ['pigeon:429,retryAfterS=', 'retryAfterS is a whole number'],
    ['pigeon:{"kind":"5xx","rate":"1"}', 'rate is a number'],
    ['pigeon:{"kind":', 'a fault in JSON'],
  ])('%s is refused with what is accepted', (text, message) => {
    expect(() => parseFault(text)).toThrow(RangeError)
    expect(() => parseFault(text)).toThrow(message)
  })
})
