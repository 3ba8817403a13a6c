import { expect, onTestFinished, test, vi } from 'vitest'
import { startDouble } from './harness.ts'
import type { Ledger } from './ledger.ts'
import { Traffic, type TrafficOptions } from './traffic.ts'

const options: TrafficOptions = { perSecond: 500, maxInFlight: 10, patienceMs: 60_000, seed: 1 }

async function startTraffic(listener: Parameters<typeof startDouble>[0], changes: Partial<TrafficOptions> = {}) {
  const { replicas } = await startDouble(listener)
  const traffic = new Traffic(replicas[0]!, { ...options, ...changes })
  const done = traffic.run()
  onTestFinished(async () => {
    await traffic.stop()
    await done
  })
  return traffic
}

const until = (traffic: Traffic, condition: (now: ReturnType<Ledger['snapshot']>) => boolean) =>
  vi.waitUntil(() => condition(traffic.ledger.snapshot()) && traffic.ledger.snapshot(), 20_000)

test('counts the answers, and who was missing in them', async () => {
  const traffic = await startTraffic((_request, response) =>
    response.end('{ "quotes": [], "missing": [{ "carrier": "pigeon", "reason": "timeout" }] }'),
  )
  const { sent, failed, missing, p99Ms } = await until(traffic, ({ ok }) => ok >= 5)
  expect(sent).toBeGreaterThanOrEqual(5)
  expect(failed).toBe(0)
  expect(missing['pigeon timeout']).toBeGreaterThanOrEqual(5)
  expect(p99Ms).toBeGreaterThan(0)
})

test('counts failures by their kind', async () => {
  const traffic = await startTraffic((_request, response) => response.writeHead(504).end('{}'))
  const { ok, failures } = await until(traffic, ({ failed }) => failed >= 5)
  expect(ok).toBe(0)
  expect(failures['status 504']).toBeGreaterThanOrEqual(5)
})

test('a server that never answers holds back no arrivals, up to the limit; those that wait count with their age', async () => {
  let received = 0
  const traffic = await startTraffic(() => void received++)
  const { waiting, oldestMs, p99Ms, ok, failed } = await until(traffic, ({ unsent }) => unsent >= 5)
  expect({ waiting, ok, failed }).toEqual({ waiting: 10, ok: 0, failed: 0 })
  expect(received).toBeLessThanOrEqual(10)
  expect(oldestMs).toBeGreaterThan(0)
  expect(p99Ms).toBeGreaterThan(oldestMs / 2)
})

test('the same seed asks the same questions', async () => {
  const ask = async () => {
    const paths: string[] = []
    const traffic = await startTraffic((request) => void paths.push(request.url!), { maxInFlight: 3 })
    await until(traffic, () => paths.length === 3)
    return paths.toSorted()
  }
  expect(await ask()).toEqual(await ask())
})
