import { join } from 'node:path'
import { latencies } from '../core/percentiles.ts'
import { sleep } from '../core/sleep.ts'
import { root } from '../manifest/target.ts'
import { askJson } from '../stage/ask.ts'
import { startChild } from '../stage/child.ts'
import { LoopDelay } from '../stage/loop-delay.ts'
import { classOf, lessonsOf, type Run } from './class.ts'
import { Laptop } from './laptop.ts'
import { written } from './view.ts'

export interface LoadOptions {
  laptops: number
  /** For a half day's runs. */
  seconds: number
  seed: number
}

export interface LoadResult {
  /** Runs of the tests, and how many had anything new to tell. */
  runs: number
  told: number
  /** Tellings that were given up, by why. */
  failed: Record<string, number>
  /** From the call to the answer, a new connection included. */
  p50Ms: number
  p99Ms: number
  maxMs: number
  /** Of the board's process, its garbage collected, at moments that are as far from each other. */
  heapMb: number[]
  /** That it knows of at the end, as it should. */
  people: number
  /** How late the laptops' own process was: it is counted as the board's time. */
  delayP99Ms: number
}

/** As many as a half day has by hand. */
const LESSONS = 3
/** Each stops the board for as long as it takes to collect its garbage. */
const MOMENTS = 9
const READERS = 3

interface Addresses {
  join: string
  board: string
}

/** Has a class work for a half day, in so many seconds, on a board that is a process of its own; three people look at it. */
export async function load({ laptops: count, seconds, seed }: LoadOptions): Promise<LoadResult> {
  const main = join(root, 'shared/room/main.ts')
  const args = ['--expose-gc', '--conditions=solution', '--disable-warning=ExperimentalWarning', main]
  const child = startChild([...args, '--port', '0', '--board-port', '0', '--rehearse', '0'], {}, () => {})
  const over = new AbortController()
  const delay = new LoopDelay()
  try {
    const { join: address, board } = await child.message<Addresses>()
    const looking = Array.from({ length: READERS }, (_, index) =>
      lookAt(`${board}/state?view=${index === 0 ? 'instructor' : 'projector'}`, over.signal),
    )
    const times = latencies()
    const failed: Record<string, number> = {}
    const onTold = (ms: number, error?: unknown) => {
      times.record(ms)
      if (error) failed[String(error)] = (failed[String(error)] ?? 0) + 1
    }
    const lessons = lessonsOf(written.slice(0, LESSONS))
    const runs = classOf(count, lessons, seed)
    const laptops = Array.from({ length: count }, (_, number) => new Laptop(address, number, { onTold }))

    const heapMb: number[] = []
    const watching = watch(board, (seconds * 1000) / MOMENTS, over.signal, ({ heapBytes }) => {
      heapMb.push(heapBytes / 2 ** 20)
    })
    await play(runs, laptops, (seconds * 1000) / lessons.at(-1)!.endMs)
    const { people } = await selfOf(board)
    over.abort()
    await Promise.all([watching, ...looking])
    const [p50Ms, p99Ms, maxMs] = [50, 99, 100].map((percent) => times.percentile(percent)) as [number, number, number]
    const delayP99Ms = delay.p99Ms
    return { runs: runs.length, told: times.count, failed, p50Ms, p99Ms, maxMs, heapMb, people, delayP99Ms }
  } finally {
    over.abort()
    delay.stop()
    await child.stop(5_000)
  }
}

/** Each run when it is due, whether or not earlier ones have been told. */
async function play(runs: Run[], laptops: Laptop[], scale: number): Promise<void> {
  const startedAt = performance.now()
  const told = new Set<Promise<void>>()
  for (const { atMs, laptop, standing } of runs) {
    const leftMs = startedAt + atMs * scale - performance.now()
    if (leftMs > 0) await sleep(leftMs)
    const telling = laptops[laptop]!.run(standing)
    told.add(telling)
    void telling.then(() => told.delete(telling))
  }
  await Promise.all(told)
}

interface Self {
  heapBytes: number
  people: number
}

async function selfOf(board: string): Promise<Self> {
  const answer = await askJson(`${board}/self.json`, 5_000)
  if (!answer) throw new Error('The board does not say how it is')
  return answer.json as Self
}

async function watch(board: string, everyMs: number, signal: AbortSignal, see: (self: Self) => void): Promise<void> {
  while (!signal.aborted) {
    await sleep(everyMs, signal).catch(() => {})
    if (!signal.aborted) see(await selfOf(board))
  }
}

/** Reads the events as a browser would. */
async function lookAt(url: string, signal: AbortSignal): Promise<void> {
  try {
    const response = await fetch(url, { signal })
    for await (const _ of response.body!);
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
