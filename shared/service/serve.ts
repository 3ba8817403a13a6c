import type { FastifyInstance } from 'fastify'
import { type Logger, pino } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { type Config, strangers } from './config.ts'
import { listen } from './listen.ts'
import { openStore, type ScanStore } from './scan-store.ts'
import { buildServer } from './server.ts'
import { configOrExit, databaseAdvice, giveUp, listenAdvice, type PortVariable } from './startup.ts'

/**
 * Starts Parcel, and ends the process with advice where it cannot.
 *
 * @param onSignals called once signals begin an orderly shutdown
 */
export async function serve(env: NodeJS.ProcessEnv, onSignals: () => unknown): Promise<void> {
  const config = configOrExit(env)
  const logger = pino({ level: config.LOG_LEVEL })
  for (const line of strangers(env)) logger.warn(line)
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })

  const fleet = config.CARRIERS ? undefined : await startEmbedded()
  if (fleet) logger.info({ admin: fleet.admin }, 'CARRIERS is not set: embedded carriers started')

  // Loaded only where there is one: it is the largest of our packages.
  const redis = config.REDIS_URL ? (await import('./redis.ts')).connectRedis(config.REDIS_URL, logger) : undefined

  const store = await storeOrExit(config.DATABASE_URL, logger)
  if (!config.DATABASE_URL) logger.info('DATABASE_URL is not set: scans are kept in memory, the last 100,000 of them')

  const { app, back, shutdown } = buildServer({
    config,
    carriers: config.CARRIERS ?? fleet?.carriers ?? [],
    logger,
    registry,
    store,
    ...(redis && { redis: redis.run }),
    hooks: [
      ...(fleet ? [{ name: 'embedded carriers', close: fleet.close }] : []),
      ...(redis ? [{ name: 'Redis', close: redis.close }] : []),
    ],
  })
  shutdown.install()
  onSignals()
  if (back) logger.info(`Metrics at ${await listenOrExit(back, 'METRICS_PORT', config)}/metrics`)
  const origin = await listenOrExit(app, 'PORT', config)
  // To whoever has started it with a channel, and port 0.
  process.send?.({ origin })
}

async function storeOrExit(url: string | null, logger: Logger): Promise<ScanStore> {
  try {
    return await openStore(url, logger)
  } catch (error) {
    return giveUp(`DATABASE_URL names a database that does not open: ${databaseAdvice(error)}`)
  }
}

async function listenOrExit(app: FastifyInstance, variable: PortVariable, config: Config): Promise<string> {
  const address = { port: config[variable] ?? 0, host: config.HOST }
  try {
    return await (variable === 'PORT' ? listen(app, address) : app.listen(address))
  } catch (error) {
    return giveUp(listenAdvice(error, variable, config) ?? String(error))
  }
}

/** Loaded only when they are wanted: the image does without carriers that fail on command. */
async function startEmbedded() {
  const { startFleet } = await import('../carriers/fleet.ts').catch(() =>
    giveUp('CARRIERS is not set, and none are here'),
  )
  return startFleet()
}
