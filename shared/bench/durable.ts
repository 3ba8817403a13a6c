/*
 * What it costs to have a record on disk: appends a second, one after the other, a hundred and a thousand at a time, beside SQLite
 * and LevelDB (a commit for all who came in one turn of the loop), appendFile with `flush`, and a row and a job in the PostgreSQL
 * that DATABASE_URL names. How long the event loop stands still meanwhile. And what an outage of half a minute costs a carrier,
 * in virtual time: chapter 12's window beside 32 workers, and everything each second. A sync is as dear as the disk makes it: the
 * ratios travel, the figures do not. Takes about two minutes:
 *
 *     DATABASE_URL=postgres://postgres@127.0.0.1:5432/test npm run bench durable
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Pool } from 'pg'
import { directory } from '#chapters/12-durable-writes/disk.ts'
import { Log } from '#chapters/12-durable-writes/log.ts'
import { CongestionWindow } from '#chapters/12-durable-writes/window.ts'
import { seededRandom } from '../core/random.ts'
import { sleep } from '../core/sleep.ts'
import { inVirtualTime } from '../stage/virtual-time.ts'
import { type OwnSchema, ownSchema } from '../testing/postgres.ts'
import { postgresUrl } from './postgres.ts'
import { peer, report } from './report.ts'
import { median } from './rounds.ts'

const { ClassicLevel } = peer('classic-level')
const { PgBoss } = peer('pg-boss')

const MS = 1000
const ROUNDS = 5
const CALLERS = [1, 100, 1000] as const
/** As long as a booking is. */
const RECORD = { key: 'k'.repeat(36), from: 'Lisbon', to: 'Oslo', grams: 1200, note: 'x'.repeat(80) }

interface Way {
  append(record: unknown): Promise<unknown>
  close(): Promise<unknown> | void
}

const { DatabaseSync } = process.getBuiltinModule('node:sqlite')

/** All who come in one turn of the loop together, by `commit`. */
function byTurns(commit: (records: string[]) => unknown, close: Way['close']): Way {
  let waiting: { json: string; resolve: (done: unknown) => void }[] = []
  const turn = () => {
    const batch = waiting
    waiting = []
    const done = commit(batch.map(({ json }) => json))
    for (const { resolve } of batch) resolve(done)
  }
  return {
    append: (record) =>
      new Promise((resolve) => {
        if (waiting.push({ json: JSON.stringify(record), resolve }) === 1) setImmediate(turn)
      }),
    close,
  }
}

function sqlite(path: string): Way {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE log (record TEXT)')
  const insert = database.prepare('INSERT INTO log VALUES (?)')
  const commit = (records: string[]) => {
    database.exec('BEGIN')
    for (const record of records) insert.run(record)
    database.exec('COMMIT')
  }
  return byTurns(commit, () => database.close())
}

function level(path: string): Way {
  const database = new ClassicLevel(path)
  let key = 0
  const commit = (records: string[]) =>
    database.batch(
      records.map((value) => ({ type: 'put', key: String(key++).padStart(12, '0'), value })),
      { sync: true },
    )
  return byTurns(commit, () => database.close())
}

async function insert({ url }: OwnSchema): Promise<Way> {
  const pool = new Pool({ connectionString: url })
  await pool.query('CREATE TABLE log (record jsonb)')
  return {
    append: (record) => pool.query('INSERT INTO log VALUES ($1)', [JSON.stringify(record)]),
    close: () => pool.end(),
  }
}

/** A job is a row, which nobody takes here. */
async function boss({ url, name }: OwnSchema): Promise<Way> {
  const jobs = new PgBoss({ connectionString: url, schema: name, supervise: false, schedule: false })
  await jobs.start()
  await jobs.createQueue('log')
  return { append: (record) => jobs.send('log', record), close: () => jobs.stop({ graceful: false }) }
}

const inSchema = (database: string, make: (schema: OwnSchema) => Promise<Way>) => async (): Promise<Way> => {
  const schema = await ownSchema(database)
  const way = await make(schema)
  return {
    append: way.append,
    async close() {
      await way.close()
      await schema.drop()
    },
  }
}

const database = postgresUrl()

const ways: Record<string, (base: string) => Promise<Way>> = {
  log: (base) => Log.open<unknown>(directory(join(base, 'log'))),
  'node:sqlite': async (base) => sqlite(join(base, 'sqlite.db')),
  'classic-level': async (base) => level(join(base, 'level')),
  'appendFile, flush': async (base) => ({
    append: (record) => appendFile(join(base, 'lines'), `${JSON.stringify(record)}\n`, { flush: true }),
    close: () => {},
  }),
  ...(database && {
    'PostgreSQL, INSERT': inSchema(database, insert),
    'PostgreSQL, pg-boss': inSchema(database, boss),
  }),
}

interface Measured {
  perSecond: number
  /** p99 of how late the event loop was, in ms. */
  delayMs: number
}

/** So many callers, each with one append after the other. */
async function measure(way: Way, callers: number): Promise<Measured> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  let appended = 0
  const until = performance.now() + MS
  delay.enable()
  const startedAt = performance.now()
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() < until) {
        await way.append(RECORD)
        appended++
      }
    }),
  )
  const seconds = (performance.now() - startedAt) / 1000
  delay.disable()
  return { perSecond: appended / seconds, delayMs: delay.percentile(99) / 1e6 }
}

const base = mkdtempSync(join(tmpdir(), 'fail-well-durable-'))
const measured: Record<string, Record<number, Measured>> = {}
try {
  const all: Record<string, Record<number, Measured[]>> = {}
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, open] of Object.entries(ways)) {
      const folder = mkdtempSync(join(base, `${round}-`))
      const way = await open(folder)
      for (const callers of CALLERS) {
        const of = ((all[name] ??= {})[callers] ??= [])
        of.push(await measure(way, callers))
      }
      await way.close()
      rmSync(folder, { recursive: true, force: true })
    }
  for (const [name, by] of Object.entries(all))
    measured[name] = Object.fromEntries(
      Object.entries(by).map(([callers, rounds]) => [
        callers,
        {
          perSecond: median(rounds.map(({ perSecond }) => perSecond)),
          delayMs: median(rounds.map(({ delayMs }) => delayMs)),
        },
      ]),
    )
} finally {
  rmSync(base, { recursive: true, force: true })
}

const OUTAGE_MS = 30_000
const OWED = 1200
const TRIP_MS = 20

/** Calls at a carrier that is away for half a minute, and how long after it all is delivered. */
interface Outage {
  calls: number
  clearedMs: number
}

async function outage(kind: 'window' | 'workers' | 'each second'): Promise<Outage> {
  return inVirtualTime(async () => {
    const window = new CongestionWindow({ random: seededRandom(12) })
    const startedAt = performance.now()
    const isAway = () => performance.now() - startedAt < OUTAGE_MS
    let owed = OWED
    let calls = 0
    let underWay = 0
    const send = async (leave: (isDone: boolean) => void) => {
      owed--
      underWay++
      // Whatever is away stays away for whoever has come meanwhile.
      if (isAway()) calls++
      const isDone = !isAway()
      await sleep(TRIP_MS)
      underWay--
      if (!isDone) owed++
      leave(isDone)
    }
    let lastAt = -Infinity
    while (owed > 0 || underWay > 0) {
      if (kind === 'window')
        for (let pass = owed > 0 ? window.enter() : undefined; pass; pass = owed > 0 ? window.enter() : undefined) {
          const taken = pass
          void send((isDone) => window.leave(taken, isDone ? 'free' : 'lost'))
        }
      else if (kind === 'workers') while (owed > 0 && underWay < 32) void send(() => {})
      else if (performance.now() - lastAt >= 1000) {
        lastAt = performance.now()
        while (owed > 0) void send(() => {})
      }
      await sleep(5)
    }
    return { calls, clearedMs: performance.now() - startedAt - OUTAGE_MS }
  })
}

const outages = {
  window: await outage('window'),
  workers: await outage('workers'),
  'each second': await outage('each second'),
}

const log = measured.log!
const grouped = log[1000]!.perSecond / log[1]!.perSecond
const single = log[1]!.perSecond / measured['node:sqlite']![1]!.perSecond
const delayShare = log[1]!.delayMs / measured['node:sqlite']![1]!.delayMs

report('durable', {
  title: 'On disk, and owed',
  about:
    `Appends of ${JSON.stringify(RECORD).length} bytes a second, each of which resolves when it is on disk, by so many callers ` +
    `at a time, in the system's folder for temporary files: medians of ${ROUNDS} rounds of ${MS / 1000} s. node:sqlite (WAL, ` +
    'synchronous FULL) and classic-level (a synced batch) have a commit for all who came in a turn of the loop' +
    `${database ? '; PostgreSQL has ten connections, and a commit a row' : ''}. Below, in virtual time, ${OWED} deliveries ` +
    `that are owed when a carrier says nothing for ${OUTAGE_MS / 1000} s, of ${TRIP_MS} ms each.`,
  figures: {
    log1PerSecond: log[1]!.perSecond,
    log100PerSecond: log[100]!.perSecond,
    log1000PerSecond: log[1000]!.perSecond,
    grouped,
    singleToSqlite: single,
    delayToSqlite: delayShare,
    outageCalls: outages.window.calls,
    outageCallsOfWorkers: outages.workers.calls,
    outageCallsEachSecond: outages['each second'].calls,
    clearedMs: outages.window.clearedMs,
  },
  tables: [
    {
      caption: 'Appends a second, and p99 of how late the event loop was, in ms',
      rows: [
        ['', ...CALLERS.flatMap((callers) => [`${callers} at a time`, 'loop'])],
        ...Object.entries(measured).map(([name, by]) => [
          name,
          ...CALLERS.flatMap((callers) => [
            Math.round(by[callers]!.perSecond).toLocaleString('en'),
            by[callers]!.delayMs.toFixed(1),
          ]),
        ]),
      ],
    },
    {
      caption: 'A carrier that is away for half a minute',
      rows: [
        ['', 'calls meanwhile', 'all delivered after, s'],
        ...Object.entries(outages).map(([name, { calls, clearedMs }]) => [
          name,
          calls.toLocaleString('en'),
          (clearedMs / 1000).toFixed(1),
        ]),
      ],
    },
  ],
  claims: [
    { claim: 'a thousand at a time are 50 times as many a second as one', holds: grouped >= 50 },
    { claim: 'the log asks a dead carrier 16 times in half a minute, at most', holds: outages.window.calls <= 16 },
    { claim: 'and has delivered all of it 12 s after it is back', holds: outages.window.clearedMs <= 12_000 },
  ],
})
