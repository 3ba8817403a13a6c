/*
 * The claims in circulation about batches and pipelines: batched writes 8 times as fast, overlapping stages 3 times, a fan-out as fast
 * as it is wide. And what batcher, channel and stage cost an item, beside those that one would otherwise take. Writes into a
 * temporary file, and into a schema of its own of the PostgreSQL that DATABASE_URL names; takes about a minute:
 *
 *     DATABASE_URL=postgres://postgres@127.0.0.1:5432/test npm run bench batching
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as streams from 'node:stream'
import { Batcher } from '#chapters/11-batching/batcher.ts'
import { Channel } from '#chapters/11-batching/channel.ts'
import { Pipeline } from '#chapters/11-batching/pipeline.ts'
import { pino } from 'pino'
import { type Outcome, type Scan, scanOf } from '../service/scan.ts'
import { openStore, type ScanStore } from '../service/scan-store.ts'
import { sqliteStore } from '../service/sqlite-store.ts'
import { ownSchema } from '../testing/postgres.ts'
import { postgresUrl } from './postgres.ts'
import { peer, report } from './report.ts'
import { median } from './rounds.ts'

const { PassThrough, Readable } = streams
// Missing in the types.
const { compose } = streams as unknown as { compose: (...stages: unknown[]) => streams.Duplex }

const DataLoader = peer('dataloader')
const { transform } = peer('streaming-iterables')

const ROUNDS = 9
const ROWS = 2000
const ITEMS = 20_000
const STAGED = 200
const FANNED = 2000

type Run = () => Promise<unknown>

/** Milliseconds of each, by the clock; round by round, so that whatever else the machine does hits all of them alike. */
async function clocked<Name extends string>(runs: Record<Name, Run>, rounds: number): Promise<Record<Name, number[]>> {
  const names = Object.keys(runs) as Name[]
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>
  // The first one is the compiler's.
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const startedAt = performance.now()
      await runs[name]()
      if (round >= 0) times[name].push(performance.now() - startedAt)
    }
  }
  return times
}

const each = <Name extends string>(times: Record<Name, number[]>, of: (times: number[]) => number) =>
  Object.fromEntries(Object.entries<number[]>(times).map(([name, all]) => [name, of(all)])) as Record<Name, number>

const drain = async (items: AsyncIterable<unknown>) => {
  let count = 0
  for await (const _ of items) count++
  return count
}
function* numbers(count: number) {
  for (let n = 0; n < count; n++) yield n
}

/** µs a row, from the bytes of its line to the store's answer. */
async function writes(store: ScanStore) {
  let n = 0
  const line = () => {
    const at = new Date(Date.UTC(2026, 1, 28) + n).toISOString()
    return Buffer.from(JSON.stringify({ shipment: `pigeon-${n++ % 500}`, at, place: 'Lisbon', event: 'collected' }))
  }
  const lines = () => Array.from({ length: ROWS }, line)
  const batcher = (maxSize: number) =>
    new Batcher<Scan, Outcome>({
      maxSize,
      maxWaitMs: 5,
      maxInFlight: store.maxInFlight,
      keyOf: ({ shipment }) => shipment,
      send: (scans) => store.write(scans),
    })
  const batched = (maxSize: number) => async () => {
    const batches = batcher(maxSize)
    await Promise.all(
      lines()
        .map(scanOf)
        .map((scan) => batches.add(scan)),
    )
  }
  const times = await clocked(
    {
      'one by one': async () => {
        for (const scan of lines().map(scanOf)) await store.write([scan])
      },
      'batches of 10': batched(10),
      'batches of 100': batched(100),
      'batches of 1,000': batched(1000),
      'batches of 100, while reading': async () => {
        const batches = batcher(100)
        await drain(new Pipeline(lines()).stage(scanOf).stage((scan) => batches.add(scan), { concurrency: 200 }))
      },
    },
    3,
  )
  return each(times, (all) => (1000 * median(all)) / ROWS)
}

async function fileWrites() {
  const folder = mkdtempSync(join(tmpdir(), 'scans-'))
  const store = sqliteStore(join(folder, 'scans.db'))
  try {
    return await writes(store)
  } finally {
    await store.close()
    rmSync(folder, { recursive: true })
  }
}

async function postgresWrites() {
  const database = postgresUrl()
  if (!database) return undefined
  const schema = await ownSchema(database)
  const store = await openStore(schema.url, pino({ level: 'warn' }))
  try {
    return await writes(store)
  } finally {
    await store.close()
    await schema.drop()
  }
}

const millisecond = (item: number) => new Promise<number>((resolve) => setTimeout(resolve, 1, item))

/** ms an item, in three stages of a millisecond each. */
async function stages() {
  async function* generated(items: AsyncIterable<number> | Iterable<number>) {
    for await (const item of items) yield await millisecond(item)
  }
  const source = () => numbers(STAGED)
  const times = await clocked(
    {
      'a loop': async () => {
        for (const item of source()) await millisecond(await millisecond(await millisecond(item)))
      },
      'generators in a chain': () => drain(generated(generated(generated(source())))),
      ours: () => drain(new Pipeline(source()).stage(millisecond).stage(millisecond).stage(millisecond)),
      'Readable.map': () => drain(Readable.from(source()).map(millisecond).map(millisecond).map(millisecond)),
      'stream.compose': () => drain(compose(Readable.from(source()), generated, generated, generated)),
    },
    3,
  )
  return Object.fromEntries(Object.entries(each(times, median)).map(([name, ms]) => [name, ms / STAGED]))
}

/** s for so many items of a millisecond. */
async function fanOut() {
  const fanned = (concurrency: number) => () =>
    drain(new Pipeline(numbers(FANNED)).stage(millisecond, { concurrency, ordered: false }))
  const times = await clocked({ 1: fanned(1), 16: fanned(16), 128: fanned(128), 1024: fanned(1024) }, 3)
  return Object.fromEntries(Object.entries(each(times, median)).map(([name, ms]) => [name, ms / 1000]))
}

const settled = (items: readonly number[]) =>
  Promise.resolve(items.map((value): PromiseSettledResult<number> => ({ status: 'fulfilled', value })))
const now = async (item: number) => item

/** ns an item; the best of some rounds. */
async function price() {
  const options = { concurrency: 10 }
  const through = async (send: (n: number) => Promise<unknown>, end: () => void, items: AsyncIterable<unknown>) => {
    const reading = drain(items)
    for (const n of numbers(ITEMS)) await send(n)
    end()
    await reading
  }
  const times = await clocked(
    {
      stage: () => drain(new Pipeline(numbers(ITEMS)).stage(now, options)),
      'Readable.map': () => drain(Readable.from(numbers(ITEMS)).map(now, options)),
      'streaming-iterables transform': () => drain(transform(10, now, numbers(ITEMS))),
      channel: () => {
        const channel = new Channel<number>(16)
        return through(
          (n) => channel.send(n),
          () => channel.close(),
          channel,
        )
      },
      PassThrough: () => {
        const stream = new PassThrough({ objectMode: true })
        const send = async (n: number) => {
          if (!stream.write(n)) await new Promise((resolve) => stream.once('drain', resolve))
        }
        return through(send, () => stream.end(), stream)
      },
      TransformStream: () => {
        const { writable, readable } = new TransformStream({}, { highWaterMark: 16 }, { highWaterMark: 0 })
        const writer = writable.getWriter()
        const send = async (n: number) => {
          await writer.ready
          void writer.write(n)
        }
        return through(send, () => void writer.close(), readable as unknown as AsyncIterable<unknown>)
      },
      batcher: async () => {
        const batcher = new Batcher({ send: settled, capacity: ITEMS })
        await Promise.all(Array.from(numbers(ITEMS), (n) => batcher.add(n)))
      },
      dataloader: async () => {
        const loader = new DataLoader(async (keys: number[]) => keys, { maxBatchSize: 100, cache: false })
        await Promise.all(Array.from(numbers(ITEMS), (n) => loader.load(n)))
      },
    },
    ROUNDS,
  )
  return Object.fromEntries(
    Object.entries(each(times, (all) => Math.min(...all))).map(([name, ms]) => [name, (1e6 * ms) / ITEMS]),
  )
}

async function main(): Promise<void> {
  process.removeAllListeners('warning').on('warning', () => {})
  const rows = await fileWrites()
  const postgres = await postgresWrites()
  const staged = await stages()
  const fanned = await fanOut()
  const priced = await price()
  const faster = rows['one by one'] / rows['batches of 100']
  const overlap = staged['a loop']! / staged.ours!
  const of = (table: Record<string, number>, unit: string, digits: number) =>
    Object.entries(table).map(([name, value]) => [name, `${value.toFixed(digits)} ${unit}`])
  report(
    'batching',
    {
      title: 'Batches and pipelines',
      about:
        `${ROWS} rows into a file by node:sqlite, synchronous FULL, ${postgres ? 'and into a PostgreSQL, two batches at a time, ' : ''}` +
        `from the bytes of their lines to the answer; three stages of a millisecond, ${STAGED} items; ${FANNED} items of a ` +
        `millisecond, at once as many as the row says; ${ITEMS} items that take no time: the best of ${ROUNDS} rounds in which the ` +
        'subjects take turns; medians elsewhere.',
      figures: {
        aloneUs: rows['one by one'],
        batched100Us: rows['batches of 100'],
        readingUs: rows['batches of 100, while reading'],
        batchedTimes: faster,
        loopMs: staged['a loop']!,
        stagesMs: staged.ours!,
        overlapTimes: overlap,
        fan1S: fanned[1]!,
        fan1024S: fanned[1024]!,
        stageNs: priced.stage!,
        channelNs: priced.channel!,
        batcherNs: priced.batcher!,
        ...(postgres && {
          postgresAloneUs: postgres['one by one'],
          postgresBatched100Us: postgres['batches of 100'],
          postgresReadingUs: postgres['batches of 100, while reading'],
        }),
      },
      tables: [
        { caption: 'A row, into a file', rows: [['', 'time'], ...of(rows, 'µs', 1)] },
        ...(postgres ? [{ caption: 'A row, into PostgreSQL', rows: [['', 'time'], ...of(postgres, 'µs', 1)] }] : []),
        { caption: 'An item in three stages of a millisecond', rows: [['', 'time'], ...of(staged, 'ms', 2)] },
        { caption: `${FANNED} items of a millisecond`, rows: [['at once', 'time'], ...of(fanned, 's', 2)] },
        { caption: 'The price of an item', rows: [['', 'time'], ...of(priced, 'ns', 0)] },
      ],
      claims: [
        { claim: 'a batch of 100 is 8 times as fast as 100 writes', holds: faster >= 8 },
        { claim: 'three stages that overlap are about 3 times as fast as a loop', holds: overlap >= 2.5 },
        { claim: 'a stage costs no more than Readable.map', holds: priced.stage! <= priced['Readable.map']! },
        { claim: 'a channel costs no more than PassThrough', holds: priced.channel! <= priced.PassThrough! },
        { claim: 'a batcher costs at most 2.5 times dataloader', holds: priced.batcher! <= 2.5 * priced.dataloader! },
      ],
    },
    ['dataloader', 'streaming-iterables'],
  )
}

await main()
