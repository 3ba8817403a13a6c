import { Agent, request } from 'undici'
import { latencies } from '../core/percentiles.ts'
import { sleep } from '../core/sleep.ts'
import { evenly, openLoop } from './open-loop.ts'
import { startBalancer } from './balancer.ts'

/** A process that serves, and ends when it is told. */
export interface Instance {
  origin: string
  /** Sends SIGTERM. @returns its exit code, null when it ended without one */
  stop(): Promise<number | null>
}

export interface RollingOptions {
  start: () => Promise<Instance>
  /** The path that the customers ask for. */
  path: string
  perSecond: number
  /** Instances that are stopped and replaced, one after the other. */
  restarts: number
  /** Milliseconds from one restart to the next, at least. */
  everyMs: number
  /** The balancer asks for readiness this often. */
  probeMs: number
}

export interface RollingResult {
  requests: number
  /** How many failed, by what their customers saw. */
  failures: Record<string, number>
  exitCodes: (number | null)[]
  /** Milliseconds, from when a request was due until its last byte. */
  p50Ms: number
  p99Ms: number
}

const INSTANCES = 2

/**
 * Restarts instances behind a balancer while customers keep asking at a steady rate, on kept-alive connections. An open
 * loop: a request is sent when it is due, whether or not the earlier ones were answered.
 */
export async function rollingRestart({
  start,
  path,
  perSecond,
  restarts,
  everyMs,
  probeMs,
}: RollingOptions): Promise<RollingResult> {
  const balancer = await startBalancer(probeMs)
  const customers = new Agent({ connections: 64 })
  const failures: Record<string, number> = {}
  const took = latencies()
  const open = new Set<Promise<void>>()

  async function ask(dueAt: number) {
    const outcome = await request(balancer.origin + path, { dispatcher: customers }).then(
      async ({ statusCode, headers, body }) => {
        await body.dump()
        return statusCode === 200 ? 'ok' : `${statusCode} ${headers['x-reason'] ?? ''}`.trim()
      },
      (error) => error.code ?? String(error),
    )
    if (outcome !== 'ok') failures[outcome] = (failures[outcome] ?? 0) + 1
    took.record(performance.now() - dueAt)
  }

  const running: Instance[] = []
  const replace = async (index: number) => {
    const instance = await start()
    await balancer.add(instance.origin)
    running[index] = instance
  }
  await Promise.all(Array.from({ length: INSTANCES }, (_, index) => replace(index)))

  const closing = new AbortController()
  let sent = 0
  const coming = openLoop({ gap: evenly(perSecond), signal: closing.signal }, (dueAt) => {
    sent++
    const answered = ask(dueAt)
    open.add(answered)
    void answered.then(() => open.delete(answered))
  })

  const exitCodes: (number | null)[] = []
  try {
    for (let i = 0; i < restarts; i++) {
      const pause = sleep(everyMs)
      const { origin, stop } = running[i % INSTANCES]!
      exitCodes.push(await stop())
      await balancer.remove(origin)
      await replace(i % INSTANCES)
      await pause
    }
  } finally {
    closing.abort()
    await coming
    await Promise.all(open)
    await Promise.all(running.map(({ stop }) => stop()))
    await customers.destroy()
    await balancer.close()
  }
  return { requests: sent, failures, exitCodes, p50Ms: took.percentile(50), p99Ms: took.percentile(99) }
}

export const failed = ({ failures }: RollingResult): number => Object.values(failures).reduce((sum, n) => sum + n, 0)

/** `12 of 3,000 failed: 502 UND_ERR_SOCKET 10, 502 ECONNREFUSED 2` */
export function describe(result: RollingResult): string {
  const kinds = Object.entries(result.failures).map(([kind, count]) => `${kind} ×${count}`)
  const what = `${failed(result)} of ${result.requests.toLocaleString('en')} requests failed`
  return [what, ...kinds].join('\n    ')
}
