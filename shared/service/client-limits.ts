import type { FastifyInstance } from 'fastify'
import { ClientLimits } from '#chapters/07-rate-limiting/clients.ts'
import { limitRequests } from '#chapters/07-rate-limiting/http.ts'
import { identify } from '#chapters/07-rate-limiting/identity.ts'
import type { Decision, Limit } from '#chapters/07-rate-limiting/options.ts'
import { type Redis, SharedLimit } from '#chapters/07-rate-limiting/shared.ts'
import type { Config } from './config.ts'
import type { Metrics } from './metrics.ts'

/** Limits what each client may ask for, if there is a CLIENT_RATE; with a Redis all instances together, as long as it answers. */
export function limitClients(app: FastifyInstance, config: Config, metrics: Metrics, redis?: Redis): void {
  if (config.CLIENT_RATE === null) return
  const rate = { perSecond: config.CLIENT_RATE, burst: config.CLIENT_BURST ?? undefined }
  const clients = new ClientLimits({ ...rate, maxClients: config.MAX_CLIENTS })
  metrics.watchClients(() => clients.size)
  const own = new WeakSet<Decision>()
  const fallback: Limit = {
    take(client, cost) {
      const decision = clients.take(client, cost)
      own.add(decision)
      return decision
    },
  }
  const shared = redis && new SharedLimit({ rate, redis, fallback, waitMs: config.REDIS_WAIT_MS, onChange: tell })
  const limit: Limit = {
    async take(client, cost) {
      const decision = await (shared ?? fallback).take(client, cost)
      const by = own.has(decision) ? 'process' : 'redis'
      metrics.limitDecisions.inc({ by, allowed: String(decision.allowed) })
      return decision
    },
  }
  limitRequests(app, { limit, rate, clientOf: identify(config.API_KEYS) })

  function tell(change: { isAway: boolean; cause?: unknown }): void {
    if (change.isAway) {
      const reason = change.cause instanceof Error ? change.cause.message : String(change.cause)
      app.log.warn({ reason }, 'Redis does not answer: each instance limits its clients by itself')
    } else app.log.info('Redis answers again: all instances share the limits of their clients')
  }
}
