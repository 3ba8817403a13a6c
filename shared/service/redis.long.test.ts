import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../testing/outcome.ts'
import { PATIENT } from '../testing/patient.ts'
import { hasRedisServer, type OwnRedis, slowDown, startRedis } from '../testing/redis.ts'
import { buildParcel } from './harness.ts'
import { connectRedis } from './redis.ts'

// Frozen and stopped is a Redis of the test's own, on a free port.
const isThere = hasRedisServer()
if (!isThere) console.log('There is no redis-server on this machine: what freezes and stops one is skipped.')

const limited = { ...PATIENT, MAX_WAIT_MS: '20000', CLIENT_RATE: '1000', CLIENT_BURST: '1000' }
const AWAY = 'Redis does not answer: each instance limits its clients by itself'
const BACK = 'Redis answers again: all instances share the limits of their clients'
/** What is measured is the wait for Redis, and a machine that has other things to do adds its own. */
const SLACK_MS = process.env.CI ? 500 : 60

async function parcelOn(own: OwnRedis, { url = own.url, waitMs = 50 } = {}) {
  const redis = connectRedis(url, pino({ level: 'silent' }))
  const parcel = buildParcel([], { ...limited, REDIS_WAIT_MS: String(waitMs) }, redis.run)
  onTestFinished(async () => {
    await redis.close()
    await own.stop()
  })
  await parcel.app.ready()
  const decisions = async (by: string) => {
    const { body } = await parcel.app.inject({ method: 'GET', url: '/metrics' })
    return Number(new RegExp(`parcel_limit_decisions_total{by="${by}",allowed="true"} (\\d+)`).exec(body)?.[1] ?? 0)
  }
  const ask = async () => {
    const startedAt = performance.now()
    const { statusCode } = await parcel.app.inject({ method: 'GET', url: '/openapi.json' })
    expect(statusCode, 'nobody’s request is to fail because Redis does').toBe(200)
    return performance.now() - startedAt
  }
  const isShared = async () => {
    const before = await decisions('redis')
    await ask()
    return (await decisions('redis')) > before
  }
  let isUp = false
  for (let i = 0; i < 200 && !isUp; i++) {
    isUp = await isShared()
    if (!isUp) await new Promise((resolve) => setTimeout(resolve, 50))
  }
  expect(isUp, 'Redis decides').toBe(true)
  const said = () => parcel.lines.map(({ msg }) => msg).filter((msg) => /Redis/.test(String(msg)))
  return { ...parcel, ask, isShared, said }
}

describe.skipIf(!isThere)('a Redis', { timeout: 30_000 }, () => {
  test('that is frozen costs one request in a second its patience, and nobody an answer', async () => {
    const own = await startRedis()
    const { ask, isShared, said } = await parcelOn(own)
    const before = said().length
    own.freeze()
    const took: number[] = []
    for (let i = 0; i < 20; i++) took.push(await ask())
    own.thaw()
    expect(took[0], 'ms of the first, who waits for 50').toBeGreaterThan(45)
    expect(Math.max(...took), 'ms of the slowest').toBeLessThan(50 + SLACK_MS)
    const late = took.filter((ms) => ms > 45).length
    expect(late, 'who waited, of twenty one after the other').toBeLessThanOrEqual(2)
    expect(said().slice(before)).toEqual([AWAY])
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    expect((await eventually(() => said().length > before + 1, 1)) || (await isShared()), 'back, a second later').toBe(
      true,
    )
    expect(said().at(-1)).toBe(BACK)
  })

  test('that is stopped costs nobody anything, and is used again when it is back', async () => {
    const own = await startRedis()
    const { ask, isShared, said } = await parcelOn(own)
    const before = said().length
    await own.stop()
    const took: number[] = []
    for (let i = 0; i < 20; i++) took.push(await ask())
    expect(Math.max(...took), 'ms of the slowest: what cannot be sent fails at once').toBeLessThan(50 + SLACK_MS)
    expect(said().slice(before)).toEqual([AWAY])
    const again = await startRedis(Number(new URL(own.url).port))
    onTestFinished(() => again.stop())
    let isBack = false
    for (let i = 0; i < 50 && !isBack; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      isBack = await isShared()
    }
    expect(isBack, 'Redis decides again').toBe(true)
    expect(said().at(-1)).toBe(BACK)
  })

  test('that is slow costs its slowness, as long as that is less than the patience, and nobody a line in the log', async () => {
    const own = await startRedis()
    const slow = await slowDown(own.url, 0)
    onTestFinished(() => slow.close())
    const { ask, isShared, said } = await parcelOn(own, { url: slow.url, waitMs: 5_000 })
    const before = said().length
    slow.delayMs = 100
    const together = await Promise.all(Array.from({ length: 20 }, ask))
    expect(Math.min(...together), 'ms of the quickest of twenty at once').toBeGreaterThan(95)
    expect(Math.max(...together), 'ms of the slowest: they do not wait for each other').toBeLessThan(200 + SLACK_MS)
    expect(await isShared(), 'Redis decides').toBe(true)
    expect(said().slice(before)).toEqual([])
  })

  test('that is slower than the patience costs one request in a second its patience, as a frozen one does', async () => {
    const own = await startRedis()
    const slow = await slowDown(own.url, 0)
    onTestFinished(() => slow.close())
    const { ask, isShared, said } = await parcelOn(own, { url: slow.url })
    const before = said().length
    slow.delayMs = 150
    const together = await Promise.all(Array.from({ length: 20 }, ask))
    expect(Math.max(...together), 'ms of the slowest of those who had asked before anybody knew').toBeLessThan(
      50 + SLACK_MS,
    )
    // All those answers arrive meanwhile. They are no news.
    const took: number[] = []
    for (const until = performance.now() + 900; performance.now() < until;) {
      took.push(await ask())
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(took.filter((ms) => ms > 45).length, `who waited, of ${took.length} who came later`).toBeLessThanOrEqual(1)
    expect(said().slice(before)).toEqual([AWAY])
    slow.delayMs = 0
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    expect(await isShared(), 'back, a second later').toBe(true)
    expect(said().at(-1)).toBe(BACK)
  })
})
