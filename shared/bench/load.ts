import { Pool } from 'undici'
import { latencies } from '../core/percentiles.ts'
import { evenly, openLoop } from '../stage/open-loop.ts'

const CONNECTIONS = 64

async function ask(pool: Pool, path: string): Promise<void> {
  const { statusCode, body } = await pool.request({ method: 'GET', path })
  await body.dump()
  if (statusCode !== 200) throw new Error(`${path} was answered with ${statusCode}: these figures would mean nothing`)
}

/** As many as it takes: each customer asks again as soon as they are answered. Returns the answers, in so many ms. */
export async function saturate(origin: string, path: string, ms: number): Promise<{ requests: number; ms: number }> {
  const pool = new Pool(origin, { connections: CONNECTIONS })
  const startedAt = performance.now()
  let requests = 0
  const customer = async () => {
    for (; performance.now() < startedAt + ms; requests++) await ask(pool, path)
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, customer))
  const took = performance.now() - startedAt
  await pool.close()
  return { requests, ms: took }
}

/** At a steady rate, whether or not the earlier ones have been answered; latencies count from when each was due. */
export async function steady(
  origin: string,
  path: string,
  perSecond: number,
  ms: number,
): Promise<{ p50Ms: number; p99Ms: number }> {
  const pool = new Pool(origin, { connections: 4 * CONNECTIONS })
  const taken = latencies()
  const all: Promise<void>[] = []
  await openLoop({ gap: evenly(perSecond), ms }, (dueAt) => {
    all.push(ask(pool, path).then(() => taken.record(performance.now() - dueAt)))
  })
  await Promise.all(all)
  await pool.close()
  return { p50Ms: taken.percentile(50), p99Ms: taken.percentile(99) }
}

/** How many were answered, and how: of all who came in the time. */
export interface Answers {
  /** In time, with all that was asked for. */
  complete: number
  /** In time, with something missing. */
  partial: number
  /** Too late to be of use. */
  late: number
  /** Refused, broken off, or nobody had waited any longer. */
  failed: number
}

export interface Haste {
  perSecond: number
  /** For how long customers come. */
  ms: number
  /** An answer that takes longer, from when it was due, is late; after twice that, its customer leaves. */
  inTimeMs: number
}

/** Asks for quotes in an open loop, on as many sockets as it takes. */
export async function askInTime(origin: string, path: string, { perSecond, ms, inTimeMs }: Haste): Promise<Answers> {
  const pool = new Pool(origin)
  const answers: Answers = { complete: 0, partial: 0, late: 0, failed: 0 }
  const ask = async (dueAt: number): Promise<keyof Answers> => {
    try {
      const { statusCode, body } = await pool.request({
        method: 'GET',
        path,
        signal: AbortSignal.timeout(2 * inTimeMs),
      })
      const text = await body.text()
      if (statusCode !== 200) return 'failed'
      if (performance.now() - dueAt > inTimeMs) return 'late'
      return text.includes('"missing":[]') ? 'complete' : 'partial'
    } catch {
      return 'failed'
    }
  }
  const all: Promise<unknown>[] = []
  await openLoop({ gap: evenly(perSecond), ms }, (dueAt) => {
    all.push(ask(dueAt).then((answer) => answers[answer]++))
  })
  await Promise.all(all)
  await pool.destroy()
  return answers
}
