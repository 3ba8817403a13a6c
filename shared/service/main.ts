// Parcel, as one would deploy it: configured by the environment, logging to stdout, ended by a signal.
import { pino } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { startFleet } from '../carriers/fleet.ts'
import { buildServer } from './server.ts'
import { configOrExit, giveUp, listenAdvice } from './startup.ts'

const config = configOrExit(process.env)
const logger = pino({ level: config.LOG_LEVEL })
const registry = new Registry()
collectDefaultMetrics({ register: registry })

const fleet = config.CARRIERS ? undefined : await startFleet()
if (fleet) logger.info({ admin: fleet.admin }, 'CARRIERS is not set: embedded carriers started')

const { app, shutdown } = buildServer({
  config,
  carriers: config.CARRIERS ?? fleet?.carriers ?? [],
  logger,
  registry,
  hooks: fleet && [{ name: 'embedded carriers', close: fleet.close }],
})
shutdown.install()
try {
  const origin = await app.listen({ port: config.PORT, host: config.HOST })
  // To whoever has started it with a channel, and port 0.
  process.send?.({ origin })
} catch (error) {
  giveUp(listenAdvice(error, config) ?? String(error))
}
