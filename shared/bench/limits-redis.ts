import { setTimeout as pause } from 'node:timers/promises'
import fastify, { type FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { ClientLimits } from '#chapters/07-rate-limiting/clients.ts'
import { limitRequests } from '#chapters/07-rate-limiting/http.ts'
import { networkOf } from '#chapters/07-rate-limiting/identity.ts'
import type { Limit } from '#chapters/07-rate-limiting/options.ts'
import { SharedLimit } from '#chapters/07-rate-limiting/shared.ts'
import { connectRedis } from '../service/redis.ts'
import { type OwnRedis, slowDown, startRedis } from '../testing/redis.ts'
import { peer } from './report.ts'
import { median } from './rounds.ts'

/** So many that none is refused for what it asked. */
const RATE = { perSecond: 100_000, burst: 100_000 }
/** For one answer; who has none by then is counted as that. */
const PATIENCE_MS = 8_000
const SLOW_MS = 80

export interface Freeze {
  healthyMs: number
  /** Of 20 requests in a row each, in ms: Redis is 80 ms late, is stopped by SIGSTOP, is not there. */
  slowMs: number[]
  frozenMs: number[]
  deadMs: number[]
}

interface Subject {
  app: FastifyInstance
  close(): Promise<unknown>
}

const route = (app: FastifyInstance) => {
  app.get('/', async () => 'ok')
  return app
}

export const subjects: Record<string, (url: string) => Promise<Subject>> = {
  ours: async (url) => {
    const { run, close } = connectRedis(url, pino({ level: 'silent' }), 'bench:')
    const limit: Limit = new SharedLimit({ rate: RATE, redis: run, fallback: new ClientLimits(RATE) })
    const app = fastify()
    limitRequests(app, { limit, rate: RATE, clientOf: ({ ip }) => networkOf(ip) })
    return { app: route(app), close }
  },
  '@fastify/rate-limit, skipOnError': async (url) => {
    const redis = new Redis(url)
    redis.on('error', () => {})
    const app = fastify()
    await app.register(peer('@fastify/rate-limit'), { redis, max: 100_000, skipOnError: true })
    return { app: route(app), close: async () => redis.disconnect() }
  },
  'rate-limiter-flexible, insurance': async (url) => {
    const { RateLimiterRedis, RateLimiterMemory } = peer('rate-limiter-flexible')
    const redis = new Redis(url)
    redis.on('error', () => {})
    const options = { points: 100_000, duration: 1 }
    const limiter = new RateLimiterRedis({
      storeClient: redis,
      ...options,
      insuranceLimiter: new RateLimiterMemory(options),
    })
    const app = fastify()
    app.addHook('onRequest', async ({ ip }) => void (await limiter.consume(ip)))
    return { app: route(app), close: async () => redis.disconnect() }
  },
}

/** How long each of so many requests takes, one after the other; Infinity for one that nobody waits for any longer. */
async function ask({ app }: Subject, times: number): Promise<number[]> {
  const took: number[] = []
  for (let i = 0; i < times && took.at(-1) !== Infinity; i++) {
    const startedAt = performance.now()
    const answer = app.inject({ method: 'GET', url: '/' }).then(({ statusCode }) => statusCode < 400)
    const isThere = await Promise.race([answer, pause(PATIENCE_MS, false)])
    took.push(isThere ? performance.now() - startedAt : Infinity)
  }
  return took
}

/** Its connection, and the compiler. Who was too early for the connection asks again a second later. */
async function warmUp(subject: Subject): Promise<void> {
  await subject.app.ready()
  await pause(300)
  await ask(subject, 1)
  await pause(1_200)
  await ask(subject, 500)
}

async function slow(redis: OwnRedis, start: (url: string) => Promise<Subject>): Promise<number[]> {
  const way = await slowDown(redis.url, 0)
  const subject = await start(way.url)
  try {
    await warmUp(subject)
    way.delayMs = SLOW_MS
    return await ask(subject, 20)
  } finally {
    await subject.close()
    await subject.app.close()
    await way.close()
  }
}

export async function freeze(start: (url: string) => Promise<Subject>): Promise<Freeze> {
  const redis: OwnRedis = await startRedis()
  const slowMs = await slow(redis, start)
  const subject = await start(redis.url)
  try {
    await warmUp(subject)
    const healthyMs = median(await ask(subject, 200))
    redis.freeze()
    const frozenMs = await ask(subject, 20)
    redis.thaw()
    await pause(1_500)
    await ask(subject, 1)
    await redis.stop()
    return { healthyMs, slowMs, frozenMs, deadMs: await ask(subject, 20) }
  } finally {
    await subject.close()
    await redis.stop()
    await subject.app.close()
  }
}
