import { randomUUID } from 'node:crypto'
import { Redis as Client } from 'ioredis'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { SCRIPT } from '#chapters/07-rate-limiting/script.ts'
import { SharedLimit } from '#chapters/07-rate-limiting/shared.ts'
import { PATIENT } from '../testing/patient.ts'
import { whenUp } from '../testing/redis.ts'
import { buildParcel, startDouble } from './harness.ts'
import { redisLevel } from './redis-level.ts'
import { connectRedis } from './redis.ts'

const { REDIS_URL = '' } = process.env
if (!REDIS_URL) console.log('REDIS_URL is not set: what needs a Redis is skipped.')

const limited = { ...PATIENT, CLIENT_RATE: '1', CLIENT_BURST: '20', REDIS_WAIT_MS: '5000' }

/** A client of Redis whose keys are this test's alone, and gone afterwards. */
async function connect(keyPrefix: string) {
  const client = new Client(REDIS_URL)
  const shared = connectRedis(REDIS_URL, pino({ level: 'silent' }), keyPrefix)
  onTestFinished(async () => {
    const keys = await client.keys(`${keyPrefix}*`)
    if (keys.length > 0) await client.del(keys)
    client.disconnect()
    await shared.close()
  })
  await whenUp(shared.run)
  return { client, run: shared.run }
}

describe.skipIf(!REDIS_URL)('with a Redis', () => {
  test('two instances let exactly one burst through together, of four hundred at once', async () => {
    const prefix = `test:${randomUUID()}:`
    const [a, b] = [await connect(prefix), await connect(prefix)]
    const parcels = [buildParcel([], limited, a.run), buildParcel([], limited, b.run)]
    for (const { app } of parcels) await app.ready()
    const startedAt = performance.now()
    const answers = await Promise.all(
      Array.from({ length: 400 }, (_, i) => parcels[i % 2]!.app.inject({ method: 'GET', url: '/openapi.json' })),
    )
    const dripped = Math.floor((performance.now() - startedAt) / 1000)
    const served = answers.filter(({ statusCode }) => statusCode === 200).length
    const others = answers.filter(({ statusCode }) => statusCode !== 200 && statusCode !== 429)
    expect(others.map(({ body }) => body)).toEqual([])
    expect(served).toBeGreaterThanOrEqual(20)
    expect(served, 'a burst of 20, and one for each second that it took').toBeLessThanOrEqual(20 + dripped)
    expect(answers.filter(({ statusCode }) => statusCode === 429).length).toBe(400 - served)

    const { body } = await parcels[0]!.app.inject({ method: 'GET', url: '/metrics' })
    expect(body).toContain('parcel_limit_decisions_total{by="redis",allowed="false"}')
    expect(body).not.toContain('by="process"')
  })

  test('a key lives until its bucket is full, and says in what it owes', async () => {
    const prefix = `test:${randomUUID()}:`
    const { client, run } = await connect(prefix)
    const rate = { perSecond: 0.3, burst: 30 }
    const fallback = { take: () => expect.unreachable('Redis has not answered') }
    const limit = new SharedLimit({ rate, redis: run, fallback, waitMs: 5_000 })
    expect(await limit.take('a', 20)).toMatchObject({ allowed: true, remaining: 10 })
    expect(await limit.take('a', 9)).toMatchObject({ allowed: true, remaining: 1 })
    const ttlMs = await client.pttl(`${prefix}limit:a`)
    expect(ttlMs, 'ms until all 29 are back').toBeGreaterThan(29 * 3_333 - 3_000)
    expect(ttlMs).toBeLessThanOrEqual(29 * 3_334)
    const { allowed, retryAfterMs } = await limit.take('a', 30)
    expect(allowed).toBe(false)
    expect(retryAfterMs, 'until all 30 are there: 29 are owed, of which a bit has come back').toBeGreaterThan(93_000)
    expect(retryAfterMs).toBeLessThan(29 * 3_334)
    expect(await limit.take('a'), 'the one that is left, of which the refused one has taken nothing').toMatchObject({
      allowed: true,
      remaining: 0,
    })
    expect(await limit.take('b', 30), 'by another').toMatchObject({ allowed: true, remaining: 0 })
  })

  test('what lasts less than a second, or a millisecond, is neither cut off nor an error', async () => {
    const { run } = await connect(`test:${randomUUID()}:`)
    expect(await run(SCRIPT, ['limit:a'], ['0.125', '10']), 'ms that a new bucket owes, and lacks').toEqual([
      '0.125',
      '0',
    ])
    await run(SCRIPT, ['limit:b'], ['5000', '20000'])
    await new Promise((resolve) => setTimeout(resolve, 60))
    const [owedMs] = (await run(SCRIPT, ['limit:b'], ['5000', '20000'])) as [string]
    expect(Number(owedMs), 'ms that it owes, of twice 5,000, 50 ms and more after the first').toBeLessThan(9_950)
  })

  test('a clock that is put back locks nobody out for longer than a bucket takes to be full', async () => {
    const prefix = `test:${randomUUID()}:`
    const { client, run } = await connect(prefix)
    const rate = { perSecond: 20, burst: 2 }
    const fallback = { take: () => expect.unreachable('Redis has not answered') }
    const limit = new SharedLimit({ rate, redis: run, fallback, waitMs: 5_000 })
    await limit.take('a')
    const key = `${prefix}limit:a`
    // As if Redis' clock had been an hour ahead when it was written.
    await client.set(key, String(Number(await client.get(key)) + 3_600_000), 'PX', 3_700_000)
    const refused = await limit.take('a')
    expect(refused).toMatchObject({ allowed: false, remaining: 0 })
    expect(refused.retryAfterMs).toBeLessThanOrEqual(50)
    await new Promise((resolve) => setTimeout(resolve, 110))
    expect(await limit.take('a', 2), 'once a whole bucket has come back').toMatchObject({ allowed: true })
  })

  test('instances share their prices, and how old they are', async () => {
    const prefix = `test:${randomUUID()}:`
    const [a, b] = [await connect(prefix), await connect(prefix)]
    let asked = 0
    const carrier = await startDouble((_request, response) => {
      asked++
      response.end('{ "cents": 590, "currency": "EUR", "days": 2 }')
    })
    const env = { ...PATIENT, QUOTE_FRESH_MS: '60000', REDIS_WAIT_MS: '5000' }
    const [one, other] = [buildParcel([carrier], env, a.run), buildParcel([carrier], env, b.run)]
    const url = '/quotes?from=Rome&to=Oslo&grams=500'
    expect((await one.app.inject(url)).statusCode).toBe(200)
    await vi.waitFor(async () => expect(await a.client.keys(`${prefix}quote:*`)).toHaveLength(1))
    const [key = ''] = await a.client.keys(`${prefix}quote:*`)
    const ttlMs = await a.client.pttl(key)
    expect(ttlMs, 'ms that it is kept: until nobody would want it any more').toBeGreaterThan(590_000)
    expect(ttlMs).toBeLessThanOrEqual(600_000)
    const answer = await other.app.inject(url)
    expect(answer.headers['cache-status']).toMatch(/^double;hit;ttl=5\d$/)
    expect(asked, 'calls of both').toBe(1)
  })

  test('a price in Redis gets older there, by its own life and nobody’s clock', async () => {
    const prefix = `test:${randomUUID()}:`
    const { client, run } = await connect(prefix)
    const level = redisLevel<number>(run, { prefix: 'quote:', keepMs: 10_000 })
    expect(await level.get('a')).toBeUndefined()
    await level.set('a', { value: 590, ageMs: 2_000.5, tookMs: 40 })
    // As if five seconds had gone by.
    await client.pexpire(`${prefix}quote:a`, 3_000)
    const kept = await level.get('a')
    expect(kept).toMatchObject({ value: 590, tookMs: 40 })
    expect(kept!.ageMs).toBeGreaterThanOrEqual(6_999)
    expect(kept!.ageMs).toBeLessThan(7_900)
    const shorter = redisLevel<number>(run, { prefix: 'quote:', keepMs: 1_000 })
    expect((await shorter.get('a'))!.ageMs, 'to an instance that keeps them for less').toBeGreaterThanOrEqual(6_999)
    await level.set('b', { value: 590, ageMs: 10_000, tookMs: 40 })
    await level.set('c', { value: 590, ageMs: 9_999.5, tookMs: 40 })
    expect(await client.exists(`${prefix}quote:b`, `${prefix}quote:c`), 'what is too old is not written').toBe(0)
  })
})
