import { request } from 'node:http'
import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import * as undici from 'undici'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { PATIENT } from '../testing/patient.ts'
import { buildParcel, inVirtualTime, startDouble } from './harness.ts'
import { linesOf } from './lines.ts'
import { RefusedScan, scanOf } from './scan.ts'
import { memoryStore } from './scan-store.ts'

const NDJSON = 'application/x-ndjson'
const scan = (n = 0, more: object = {}) => ({
  shipment: 'pigeon-1',
  at: new Date(Date.UTC(2026, 1, 28) + n * 1000).toISOString(),
  place: 'Lisbon',
  event: 'collected',
  ...more,
})
const linesFor = (scans: object[]) => scans.map((each) => `${JSON.stringify(each)}\n`).join('')
const parse = (line: string) => scanOf(Buffer.from(line))

describe('a scan', () => {
  test('is one, however its instant is written', () => {
    const at = '2026-02-28T14:10:00.000Z'
    for (const written of ['2026-02-28T14:10Z', '2026-02-28T15:10:00+01:00', '2026-02-28T14:10:00.0Z'])
      expect(parse(JSON.stringify(scan(0, { at: written })))).toEqual(scan(0, { at }))
  })

  test.for([
    ['no JSON', '{"shipment"'],
    ['no JSON', ''],
    ['shipment', 'null'],
    ['shipment', '[]'],
    ['shipment', JSON.stringify(scan(0, { shipment: 'pigeon' }))],
    ['shipment', JSON.stringify(scan(0, { shipment: 7 }))],
    ['place', JSON.stringify(scan(0, { place: ' ' }))],
    ['place', JSON.stringify(scan(0, { place: 'x'.repeat(101) }))],
    ['event', JSON.stringify(scan(0, { event: 'a\0b' }))],
    ['event', String.raw`{"shipment":"pigeon-1","at":"2026-02-28T14:10:00Z","place":"Oslo","event":"\ud800"}`],
    ['at', JSON.stringify(scan(0, { at: '2026-02-30T14:10:00Z' }))],
    ['at', JSON.stringify(scan(0, { at: '2026-02-28T24:10:00Z' }))],
    ['at', JSON.stringify(scan(0, { at: '2026-02-28T14:10:00' }))],
    ['at', JSON.stringify(scan(0, { at: '9999-12-31T23:59:00-01:00' }))],
    ['at', JSON.stringify(scan(0, { at: 'yesterday' }))],
    ['at', JSON.stringify(scan(0, { at: undefined }))],
  ] as const)('is refused for its %s: %s', ([why, line]) => {
    expect(() => parse(line)).toThrow(RefusedScan)
    expect(() => parse(line)).toThrow(why)
  })

  test('is refused when it is no UTF-8', () => {
    const line = Buffer.from(linesFor([scan()]).trim())
    line[20] = 0xff
    expect(() => scanOf(line)).toThrow('UTF-8')
  })
})

describe('lines', () => {
  async function* chunks(...pieces: string[]) {
    for (const piece of pieces) yield Buffer.from(piece)
  }
  const collect = async (source: AsyncIterable<Buffer>) => {
    const lines: string[] = []
    for await (const line of source) lines.push(String(line))
    return lines
  }

  test('are the same, wherever they are cut', async () => {
    const text = 'a\n\nbc\nödé\r\n\u2028last'
    const lines = ['a', '', 'bc', 'ödé\r', '\u2028last']
    const bytes = Buffer.from(text)
    async function* cut(at: number) {
      yield bytes.subarray(0, at)
      yield bytes.subarray(at)
    }
    for (let at = 0; at <= bytes.length; at++) expect(await collect(linesOf(cut(at), 100))).toEqual(lines)
    expect(await collect(linesOf(chunks('a\n', 'b\n'), 100))).toEqual(['a', 'b'])
    expect(await collect(linesOf(chunks(), 100))).toEqual([])
  })

  test('have an end, which is known before they are there', async () => {
    async function* endless() {
      yield Buffer.from('fine\n')
      for (;;) yield Buffer.from('x'.repeat(60))
    }
    await expect(collect(linesOf(endless(), 100))).rejects.toThrow('Line 2 is longer than 100 bytes')
    expect(await collect(linesOf(chunks(`${'x'.repeat(100)}\n`), 100))).toHaveLength(1)
  })
})

describe('POST /scans', () => {
  const upload = (app: ReturnType<typeof buildParcel>['app'], payload: string) =>
    app.inject({ method: 'POST', url: '/scans', headers: { 'content-type': NDJSON }, payload })

  test('writes each line once, and says which it refuses, by their numbers', async () => {
    const { app } = buildParcel([])
    const lines = `${linesFor([scan(1), scan(2), scan(1)])}nonsense\n${linesFor([scan(3, { place: '' }), scan(4)])}`
    const first = await upload(app, lines)
    expect(first.statusCode).toBe(200)
    expect(first.json()).toMatchObject({ lines: 6, stored: 3, known: 1, refusedCount: 2 })
    expect(first.json().refused).toEqual([
      { line: 4, reason: 'is no JSON' },
      { line: 5, reason: expect.stringContaining('place') },
    ])
    expect((await upload(app, lines)).json()).toMatchObject({ lines: 6, stored: 0, known: 4 })
    const { body } = await app.inject('/metrics')
    expect(body).toMatch('parcel_scans_total{outcome="stored"} 3\n')
    expect(body).toMatch(/parcel_scan_batch_size_count [1-8]\n/)
  })

  test('names the first hundred of those it refuses, and counts the others', async () => {
    const { app } = buildParcel([])
    const answer = (await upload(app, 'x\n'.repeat(1000))).json()
    expect(answer).toMatchObject({ lines: 1000, stored: 0, refusedCount: 1000 })
    expect(answer.refused).toHaveLength(100)
  })

  test('writes them in batches', async () => {
    const store = memoryStore()
    const write = vi.spyOn(store, 'write')
    const { app } = buildParcel([], { ...PATIENT, SCAN_BATCH: '10', SCAN_BATCH_MS: '30000' }, undefined, store)
    await upload(app, linesFor(Array.from({ length: 90 }, (_, n) => scan(n))))
    expect(write.mock.calls.map(([scans]) => scans.length)).toEqual(Array(9).fill(10))
  })

  test('takes nothing but lines', async () => {
    const { app } = buildParcel([])
    const headers = { 'content-type': 'application/json' }
    expect((await app.inject({ method: 'POST', url: '/scans', headers, payload: '{}' })).statusCode).toBe(415)
    expect((await app.inject({ method: 'POST', url: '/scans' })).statusCode).toBe(415)
    expect((await upload(app, ' ')).json()).toMatchObject({ lines: 1, refusedCount: 1 })
  })

  test('ends at a line that is too long, and says what is done', async () => {
    const { app } = buildParcel([], { ...PATIENT, SCAN_LINE_BYTES: '200' })
    const response = await upload(app, `${linesFor([scan(1)])}${'x'.repeat(300)}\n${linesFor([scan(2)])}`)
    expect(response.statusCode).toBe(413)
    expect(response.json()).toMatchObject({ status: 413, detail: expect.stringContaining('Line 2') })
    expect(response.json().lines).toBeLessThanOrEqual(1)
    expect((await upload(app, linesFor([scan(1), scan(2)]))).json()).toMatchObject({ lines: 2 })
  })

  test('asks a store that is busy again, and says when it is away for good', async () => {
    const store = memoryStore()
    const { write } = store
    let fails = 1
    store.isTransient = () => true
    store.write = async (scans) => {
      if (fails-- > 0) throw new Error('the database is away')
      return write(scans)
    }
    const { app, lines } = buildParcel([], PATIENT, undefined, store)
    expect((await upload(app, linesFor([scan(1)]))).json()).toMatchObject({ stored: 1 })
    fails = 1000
    const response = await upload(app, linesFor([scan(2)]))
    expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '1'])
    expect(response.json()).toMatchObject({ lines: 0 })
    expect(response.json().detail).not.toMatch('database')
    expect(lines.filter(({ level }) => Number(level) >= 50)).toEqual([])
    const told = lines.filter(({ msg }) => msg === 'scans are not written')
    expect(told.map(({ reason }) => reason)).toEqual(['the database is away'])
  })

  /** One that goes on for as long as the test likes. */
  async function slowUpload(app: ReturnType<typeof buildParcel>['app']) {
    const { port } = new URL(await app.listen({ port: 0 }))
    const client = request({ port, path: '/scans', method: 'POST', headers: { 'content-type': NDJSON } })
    const answer = new Promise<{ status: number; headers: object; body: Record<string, unknown> }>(
      (resolve, reject) => {
        client.on('error', reject).on('response', async (response) => {
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            body: (await json(response)) as Record<string, unknown>,
          })
        })
      },
    )
    answer.catch(() => {})
    onTestFinished(() => void client.destroy())
    client.write(linesFor([scan(1)]))
    return { client, answer }
  }
  const stored = async (app: ReturnType<typeof buildParcel>['app'], count: number) =>
    vi.waitFor(async () => {
      const { body } = await app.inject('/metrics')
      const [, written] = /^parcel_scans_total\{outcome="stored"\} (\d+)$/m.exec(body) ?? []
      expect(Number(written), 'scans that are stored, at least').toBeGreaterThanOrEqual(count)
    }, 5000)

  test('ends in a shutdown with what is done, and no broken connection', async () => {
    const { app, shutdown } = buildParcel([], { ...PATIENT, DRAIN_DELAY_MS: '0' })
    const { client, answer } = await slowUpload(app)
    await stored(app, 1)
    const over = shutdown.begin('test')
    const { status, headers, body } = await answer
    expect([status, body.lines]).toEqual([503, 1])
    expect(headers).toHaveProperty('retry-after', '1')
    client.end()
    await over
    // 01 still waits for the chunk that will not come.
    await new Promise((resolve) => setTimeout(resolve, 1100))
  })

  test('ends in a shutdown also for whoever goes on sending: the answer comes whole', async () => {
    for (let time = 0; time < 2; time++) {
      const { app, shutdown } = buildParcel([], { ...PATIENT, DRAIN_DELAY_MS: '0' })
      const address = await app.listen({ port: 0 })
      const body = Readable.from(
        (function* () {
          for (let n = 0; ; n += 500) yield linesFor(Array.from({ length: 500 }, (_, i) => scan(n + i)))
        })(),
      )
      const answer = undici.request(`${address}/scans`, { method: 'POST', headers: { 'content-type': NDJSON }, body })
      answer.catch(() => {})
      await stored(app, 1000)
      const over = shutdown.begin('test')
      const { statusCode, body: told } = await answer
      expect(statusCode).toBe(503)
      expect((await told.json()) as object).toHaveProperty('lines', expect.any(Number))
      await over
    }
  }, 60_000)

  test('lasts for longer than any other request, if it goes on', async () => {
    const { app } = buildParcel([], { HEADERS_MS: '1500', REQUEST_MS: '3000' })
    const { value: status, tookMs } = await inVirtualTime(async () => {
      const { client, answer } = await slowUpload(app)
      for (let n = 2; n < 14; n++) {
        await new Promise((resolve) => setTimeout(resolve, 500))
        client.write(linesFor([scan(n)]))
      }
      client.end()
      return (await answer).status
    })
    expect(tookMs).toBeGreaterThan(5500)
    expect(status).toBe(200)
  })

  test('is cut off when it stalls, and told what is done', async () => {
    const { app } = buildParcel([], { HEADERS_MS: '1500', REQUEST_MS: '3000' })
    const { value } = await inVirtualTime(async () => (await slowUpload(app)).answer)
    expect([value.status, value.body.lines]).toEqual([408, 1])
  })

  test('reads no faster than the store writes', async () => {
    const store = memoryStore()
    const { promise: isWell, resolve: getWell } = Promise.withResolvers<void>()
    const { write } = store
    store.write = async (scans) => {
      await isWell
      return write(scans)
    }
    const { app } = buildParcel([], PATIENT, undefined, store)
    const { client, answer } = await slowUpload(app)
    const LINES = 200_000
    const chunk = (n: number) => linesFor(Array.from({ length: 500 }, (_, i) => scan(2 + n + i)))
    let sent = 0
    const sending = (async () => {
      for (; sent < LINES; sent += 500)
        if (!client.write(chunk(sent))) await new Promise((resolve) => client.once('drain', resolve))
      client.end()
    })()
    // As long as it moves, it may go on.
    for (let before = -1; before !== sent;) {
      before = sent
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    expect(sent, 'lines that have found room in sockets and buffers, of 200,000').toBeLessThan(LINES / 2)
    getWell()
    await sending
    const { lines, refusedCount } = (await answer).body
    expect([lines, refusedCount]).toEqual([LINES + 1, 0])
  }, 90_000)

  test('has an end, however it goes on', async () => {
    const { app } = buildParcel([], { UPLOAD_MS: '2000' })
    const { value } = await inVirtualTime(async () => {
      const { client, answer } = await slowUpload(app)
      let isOver = false
      void answer.then(() => (isOver = true))
      for (let n = 2; !isOver; n++) {
        await new Promise((resolve) => setTimeout(resolve, 300))
        client.write(linesFor([scan(n)]))
      }
      return answer
    })
    expect(value.status).toBe(503)
    expect(value.body.lines).toBeGreaterThan(3)
  })

  test('holds no place at the door, and there are so many at a time', async () => {
    const { app } = buildParcel([await startDouble((_request, response) => response.end('{}'))], {
      ...PATIENT,
      MAX_IN_FLIGHT: '1',
      MAX_WAITING: '0',
      UPLOADS: '1',
    })
    const { client, answer } = await slowUpload(app)
    await stored(app, 1)
    expect((await app.inject('/openapi.json')).statusCode).toBe(200)
    const second = await upload(app, linesFor([scan(2)]))
    expect([second.statusCode, second.headers['retry-after']]).toEqual([503, '1'])
    client.end()
    await answer
    await vi.waitFor(async () => expect((await upload(app, linesFor([scan(2)]))).statusCode).toBe(200))
  })

  test('has no more at a time than there may be, also when they come at once', async () => {
    const { app } = buildParcel([], { ...PATIENT, UPLOADS: '3' })
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => upload(app, linesFor([scan(n)]))))
    expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 200, 200, 503, 503, 503, 503, 503])
  })
})

describe('GET /shipments/:id/events', () => {
  const UNTIL = /event: status\ndata: end\n\n/

  test('begins with the scans that are stored, and goes on with new ones, never in the midst of an event', async () => {
    let goOn = () => {}
    const double = await startDouble((_request, response) => {
      response.write('id: 1\nevent: status\nda')
      goOn = () => response.end('ta: end\n\n')
    })
    const { app } = buildParcel([double])
    const upload = (...scans: object[]) =>
      app.inject({ method: 'POST', url: '/scans', headers: { 'content-type': NDJSON }, payload: linesFor(scans) })
    await upload(scan(1, { shipment: 'double-1' }), scan(2))
    const origin = await app.listen({ port: 0 })
    const { body } = await fetch(`${origin}/shipments/double-1/events`)
    let read = ''
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
      read += chunk
      if (read.endsWith('\nda')) {
        await upload(scan(3, { shipment: 'double-1' }), scan(4))
        goOn()
      }
    }
    const { shipment: _1, ...first } = scan(1)
    const { shipment: _2, ...second } = scan(3)
    expect(read).toBe(
      `event: scan\ndata: ${JSON.stringify(first)}\n\nid: 1\nevent: status\ndata: end\n\nevent: scan\ndata: ${JSON.stringify(second)}\n\n`,
    )
    expect(read).toMatch(UNTIL)
  })
})
