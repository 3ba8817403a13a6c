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
