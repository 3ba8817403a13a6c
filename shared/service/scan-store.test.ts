import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { retry } from '#chapters/03-retry/retry.ts'
import { PATIENT } from '../testing/patient.ts'
import { ownSchema, type OwnSchema, wayTo } from '../testing/postgres.ts'
import { buildParcel } from './harness.ts'
import { RefusedScan, type Scan } from './scan.ts'
import { memoryStore, openStore, type ScanStore } from './scan-store.ts'

const { DATABASE_URL = '' } = process.env
const isPostgres = DATABASE_URL.startsWith('postgres')
if (!isPostgres) console.log('DATABASE_URL names no PostgreSQL: what needs one is skipped.')

const silent = pino({ level: 'silent' })
const scan = (n = 0, more: Partial<Scan> = {}): Scan => ({
  shipment: 'pigeon-1',
  at: new Date(Date.UTC(2026, 1, 28) + n * 1000).toISOString(),
  place: 'Lisbon',
  event: 'collected',
  ...more,
})
const scans = (count: number) => Array.from({ length: count }, (_, n) => scan(n, { shipment: `pigeon-${n % 7}` }))
const values = (results: PromiseSettledResult<string>[]) =>
  results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason))

/** A store for the time of a test. */
async function open(url: string, log = silent): Promise<ScanStore> {
  const store = await openStore(url, log)
  onTestFinished(() => store.close().catch(() => {}))
  return store
}

async function schema(): Promise<OwnSchema> {
  const own = await ownSchema(DATABASE_URL)
  onTestFinished(() => own.drop())
  return own
}

/** Each has a place for scans, which can be opened more than once. */
const places: Record<string, () => Promise<() => Promise<ScanStore>>> = {
  async memory() {
    const store = memoryStore()
    return async () => store
  },
  async 'a file'() {
    const folder = mkdtempSync(join(tmpdir(), 'scans-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    return () => open(`sqlite:${join(folder, 'scans.db')}`)
  },
  async PostgreSQL() {
    const { url } = await schema()
    return () => open(url)
  },
}

describe.for(Object.entries(places).filter(([name]) => isPostgres || name !== 'PostgreSQL'))('in %s', ([, place]) => {
  test('a scan is stored once, and found by its shipment, the oldest first', async () => {
    const store = await (await place())()
    const first = [scan(2), scan(1), scan(2), scan(3, { shipment: 'pigeon-2' })]
    expect(values(await store.write(first))).toEqual(['stored', 'stored', 'known', 'stored'])
    expect(values(await store.write([scan(1), scan(4)]))).toEqual(['known', 'stored'])
    expect(await store.of('pigeon-1')).toEqual([scan(1), scan(2), scan(4)])
    expect(await store.of('pigeon-9')).toEqual([])
  })

  test('each of the four makes it another one', async () => {
    const store = await (await place())()
    const others = [{}, { shipment: 'pigeon-2' }, { at: scan(1).at }, { place: 'Oslo' }, { event: 'arrived' }]
    expect(values(await store.write(others.map((more) => scan(0, more))))).toEqual(others.map(() => 'stored'))
  })

  test('a scan comes back as it was written, whatever is in it', async () => {
    const store = await (await place())()
    const words = ['NULL', '"', "'", '\\', '{a,b}', ' a ', '\n', '\u2028', '🏆', 'ß', '%s', '$1', '100'.repeat(33)]
    const written = words.map((word, n) => scan(n, { place: word, event: word }))
    for (const each of ['1000-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z'])
      written.push(scan(0, { at: each, shipment: 'pigeon-2' }))
    expect(values(await store.write(written))).toEqual(written.map(() => 'stored'))
    expect(values(await store.write(written))).toEqual(written.map(() => 'known'))
    expect([...(await store.of('pigeon-1')), ...(await store.of('pigeon-2'))]).toEqual(written)
  })

  test('what is no scan is refused alone, and all others are written', async () => {
    const open = await place()
    const { app } = buildParcel([], PATIENT, undefined, await open())
    const bad: Record<number, string> = {
      7: JSON.stringify(scan(0, { place: 'a\0b' })),
      42: JSON.stringify(scan(0, { at: '2026-02-30T14:10:00Z' })),
      43: JSON.stringify(scan(0, { event: '\ud800' })),
      99: JSON.stringify(scan(0, { at: '9999-12-31T23:59:00-01:00' })),
    }
    const payload = scans(100)
      .map((each, n) => bad[n + 1] ?? JSON.stringify(each))
      .join('\n')
    const upload = () =>
      app.inject({ method: 'POST', url: '/scans', headers: { 'content-type': 'application/x-ndjson' }, payload })
    const answer = (await upload()).json()
    expect(answer).toMatchObject({ lines: 100, stored: 96, known: 0, refusedCount: 4 })
    expect(answer.refused.map(({ line }: { line: number }) => line)).toEqual(Object.keys(bad).map(Number))
    expect((await upload()).json()).toMatchObject({ lines: 100, stored: 0, known: 96, refusedCount: 4 })
  })

  test('two that write the same in opposite orders have written each once', async () => {
    const open = await place()
    const stores = [await open(), await open()]
    const all = scans(200)
    const results = await Promise.all(
      stores.flatMap((store, i) =>
        [0, 1, 2, 3].map(() => {
          const write = () => store.write(i ? all : all.toReversed())
          return retry(write, { isTransient: store.isTransient, maxAttempts: 20 })
        }),
      ),
    )
    expect(values(results.flat()).filter((value) => value === 'stored')).toHaveLength(200)
    expect(values(results.flat()).filter((value) => value === 'known')).toHaveLength(7 * 200)
  })
})

test('memory has an end, and the oldest go first', async () => {
  const store = memoryStore(3)
  await store.write([1, 2, 3, 4].map((n) => scan(n)))
  expect(await store.of('pigeon-1')).toEqual([2, 3, 4].map((n) => scan(n)))
  expect(values(await store.write([scan(1)]))).toEqual(['stored'])
})

test('a file that somebody else writes into is busy, waits for nobody, and is another try’s', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scans-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'scans.db')
  const store = await open(`sqlite:${path}`)
  const other = new (process.getBuiltinModule('node:sqlite').DatabaseSync)(path)
  other.exec('BEGIN IMMEDIATE')
  const error = await store.write([scan()]).catch((error: unknown) => error)
  expect(store.isTransient(error), String(error)).toBe(true)
  other.exec('COMMIT')
  other.close()
  expect(values(await store.write([scan()]))).toEqual(['stored'])
})

// Each of PostgreSQL's limits that ends here takes a second or two of real time.
describe.skipIf(!isPostgres)('a PostgreSQL', () => {
  /** What `write` rejects with, which has to be something that may be otherwise in a moment. */
  async function transient(store: ScanStore) {
    const error: unknown = await store.write([scan()]).then(
      () => expect.unreachable('it was written'),
      (error: unknown) => error,
    )
    expect(store.isTransient(error), String(error)).toBe(true)
    return error
  }
  const upload = (app: ReturnType<typeof buildParcel>['app'], count: number) =>
    app.inject({
      method: 'POST',
      url: '/scans',
      headers: { 'content-type': 'application/x-ndjson' },
      payload: scans(count)
        .map((each) => JSON.stringify(each))
        .join('\n'),
    })

  test('has its table made by the first of those that start at once', async () => {
    const { url, client } = await schema()
    const stores = await Promise.all(Array.from({ length: 8 }, () => open(url)))
    await Promise.all(stores.map((store) => store.write(scans(10))))
    expect((await client.query('SELECT * FROM scans')).rowCount).toBe(10)
  })

  test('refuses alone what only it knows to be none', async () => {
    const store = await open((await schema()).url)
    const all = scans(100)
    all[13]!.place = 'a\0b'
    all[14]!.at = '2026-02-30T00:00:00.000Z'
    all[99]!.at = 'soon'
    const results = values(await store.write(all))
    expect(results.filter((value) => value === 'stored')).toHaveLength(97)
    const refused = (why: string) => [expect.any(RefusedScan), expect.stringContaining(why)]
    expect([13, 14, 99].map((n) => [results[n], String(results[n])])).toEqual([
      refused('0x00'),
      refused('2026-02-30'),
      refused('soon'),
    ])
  })

  test('has no deadlock, in whichever order two write the same', async () => {
    const { url } = await schema()
    const [one, other] = [await open(url), await open(url)]
    for (let round = 0; round < 20; round++) {
      const all = scans(100).map((each) => ({ ...each, place: `Lisbon ${round}` }))
      const results = await Promise.all([one.write(all), other.write(all.toReversed())])
      expect(values(results.flat()).filter((value) => value === 'stored')).toHaveLength(100)
    }
  })

  test('that has ended its connections is written to by the next ones', async () => {
    const own = await schema()
    const lines: string[] = []
    const store = await open(own.url, pino({ level: 'warn' }, { write: (line) => lines.push(line) }))
    const { app } = buildParcel([], PATIENT, undefined, store)
    for (let known = 0; known < 50; known += 10) {
      expect((await upload(app, known + 10)).json()).toMatchObject({ stored: 10, known })
      await own.terminate()
    }
    // Those that were idle, on whatever turn of the loop it was heard.
    await expect.poll(() => lines.join('')).toContain('a connection to PostgreSQL is lost')
  })

  test('that is away has uploads answered with a 503, and is back by itself', async () => {
    const own = await schema()
    const way = await wayTo(own.url)
    onTestFinished(() => way.close())
    const { app } = buildParcel([], PATIENT, undefined, await open(way.url))
    expect((await upload(app, 10)).json()).toMatchObject({ stored: 10 })
    way.state = 'away'
    const answer = await upload(app, 20)
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1'])
    expect(answer.json()).toMatchObject({ lines: 0 })
    expect(answer.json().detail).not.toMatch('ECONN')
    way.state = 'open'
    expect((await upload(app, 20)).json()).toMatchObject({ stored: 10, known: 10 })
  })

  test('that is away when Parcel starts is awaited, and has its table when it is there', async () => {
    const own = await schema()
    const way = await wayTo(own.url)
    onTestFinished(() => way.close())
    way.state = 'away'
    const store = await open(way.url)
    await transient(store)
    way.state = 'open'
    expect(values(await store.write(scans(1)))).toEqual(['stored'])
  })

  test('that says nothing is waited for so long, and no longer, on a new connection as on an old one', async () => {
    const own = await schema()
    const way = await wayTo(own.url)
    onTestFinished(() => way.close())
    const store = await open(way.url)
    expect(values(await store.write(scans(1)))).toEqual(['stored'])
    way.state = 'silent'
    await transient(store)
    await transient(store)
    way.state = 'open'
    expect(values(await store.write(scans(2)))).toEqual(['known', 'stored'])
    way.state = 'silent'
    await Promise.all([transient(store), store.close()])
  })

  test('whose table somebody else holds is waited for so long, and no longer', async () => {
    const own = await schema()
    const store = await open(own.url)
    await own.client.query('BEGIN; LOCK TABLE scans')
    expect(await transient(store), 'by the server, which no longer waits for it either').toMatchObject({
      code: '57014',
    })
    await own.client.query('COMMIT')
    expect(values(await store.write(scans(1)))).toEqual(['stored'])
  })

  test('that does not let us in, or not have our table, ends the start', async () => {
    const url = new URL(DATABASE_URL)
    url.pathname = '/nobody_has_this'
    await expect(open(String(url))).rejects.toThrow('database "nobody_has_this" does not exist')
    const own = new URL((await schema()).url)
    own.searchParams.set('options', '-c search_path=nobody_has_this')
    await expect(open(String(own))).rejects.toThrow('no schema has been selected')
  })
})
