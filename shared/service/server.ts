import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import { limitServer, type ServerLimits, serverOptions } from '#chapters/01-timeouts/server.ts'
import { createShutdown, type Shutdown, type ShutdownOptions } from '#chapters/02-graceful-shutdown/shutdown.ts'
import type { Redis } from '#chapters/07-rate-limiting/shared.ts'
import type { Level } from '#chapters/09-graceful-degradation/levels.ts'
import { Carrier } from './carrier.ts'
import { limitClients } from './client-limits.ts'
import { breakerNews } from './carrier-metrics.ts'
import type { CarrierConfig, Config } from './config.ts'
import { createConfirmations } from './confirmations.ts'
import { httpOptions, keepToHttp } from './http.ts'
import { createExtras } from './extras.ts'
import { createMetrics } from './metrics.ts'
import { createOutboxes } from './outboxes.ts'
import { describeApi } from './openapi.ts'
import { shedOverload } from './overload.ts'
import { answerProblems, problemOptions } from './problems.ts'
import { admitBodies, limitArrival } from './request-body.ts'
import { QuoteCache } from './quote-cache.ts'
import { redisLevel } from './redis-level.ts'
import { followRequests, requestOptions } from './requests.ts'
import { events } from './routes/events.ts'
import { metricsRoute } from './routes/metrics.ts'
import { probes } from './routes/probes.ts'
import { quotes } from './routes/quotes.ts'
import { scansRoute } from './routes/scans.ts'
import { shipment } from './routes/shipment.ts'
import { shipments } from './routes/shipments.ts'
import { memoryStore, type ScanStore } from './scan-store.ts'
import { createScans } from './scans.ts'
import type { Offer } from './schemas.ts'
import { createTally } from './tally.ts'
import { requestIdFrom, traceRequests } from './tracing.ts'

export interface Deps extends Pick<ShutdownOptions, 'hooks' | 'exit'> {
  config: Config
  carriers: CarrierConfig[]
  logger: FastifyBaseLogger
  /** What REDIS_URL names; without it, each instance limits its clients and keeps its prices by itself. */
  redis?: Redis
  /** Closed with `app`. Default: in memory. */
  store?: ScanStore
  /** Where the metrics go; a new one unless given. */
  registry?: Registry
}

export interface Server {
  /** Its `close` also closes what `buildServer` has opened: confirmations, outboxes and scans, then the carriers' pools and the store. */
  app: FastifyInstance
  /** With METRICS_PORT: what listens there. Closed with `app`. */
  back?: FastifyInstance
  shutdown: Shutdown
}

/** For sockets to be opened in, before anybody is sent here. */
const WARM_MS = 2000
/** An upload's own limit has something to say, which Node's has not: so it comes first. */
const UPLOAD_MARGIN_MS = 5000

/** Parcel, ready to `listen` or to be injected into. */
export function buildServer(deps: Deps): Server {
  const { config, carriers: carrierConfigs, logger, redis, registry, hooks, exit } = deps
  const { store = memoryStore() } = deps
  const limits = serverLimits(config)
  const options = serverOptions(limits)
  const { requestTimeout } = options
  const app = Fastify({
    ...options,
    // An upload may last for longer than other requests, which have 01's limit all the same (limitArrival).
    ...(requestTimeout && { requestTimeout: Math.max(requestTimeout, config.UPLOAD_MS + UPLOAD_MARGIN_MS) }),
    ...problemOptions,
    ...requestOptions,
    http: { ...options.http, ...httpOptions },
    bodyLimit: config.MAX_BODY_BYTES,
    trustProxy: config.TRUSTED_PROXIES ?? false,
    // Strict, Ajv reads `grams=Infinity` as a number, and then leaves it alone because it is not finite.
    ajv: { customOptions: { strictNumbers: false } },
    loggerInstance: logger,
    genReqId: requestIdFrom,
    // What arrives on an open connection during a shutdown is answered; a 503 would fail it for nothing.
    return503OnClosing: false,
  })
  const metrics = createMetrics(registry)
  const onBreakerChange = breakerNews(metrics, app.log)
  const carriers = carrierConfigs.map((carrier) => new Carrier(carrier, clientLimits(config), metrics, onBreakerChange))
  const confirmations = createConfirmations(metrics, app.log)
  const outboxes = createOutboxes(carriers, config, metrics, app.log)
  app.addHook('onReady', () => outboxes.open())
  const scans = createScans(store, config, metrics, app.log)
  const shutdown = createShutdown(app, {
    drainDelayMs: config.DRAIN_DELAY_MS,
    deadlineMs: config.SHUTDOWN_MS,
    hooks,
    exit,
  })

  app.decorate('tally', createTally())
  traceRequests(app)
  followRequests(app, metrics)
  answerProblems(app)
  // Before what costs more than to say no.
  limitClients(app, config, metrics, redis)
  keepToHttp(app)
  limitServer(app, limits)
  const enterDoor = shedOverload(app, config, carrierConfigs, metrics)
  if (requestTimeout) limitArrival(app, requestTimeout)
  admitBodies(app)
  describeApi(app)

  app.register(quotes, {
    carriers,
    cache: new QuoteCache(config, metrics, app, redis && secondLevel(redis, config)),
    runExtra: createExtras(app, config, metrics),
    deadlineMs: config.QUOTE_DEADLINE_MS,
    extraMs: config.QUOTE_EXTRA_MS,
  })
  app.register(shipments, { carriers, confirmations, outboxes })
  app.register(shipment, { carriers })
  app.register(scansRoute, {
    scans,
    shutdown,
    enterDoor,
    maxUploads: config.UPLOADS,
    uploadMs: config.UPLOAD_MS,
    lineBytes: config.SCAN_LINE_BYTES,
  })
  app.register(events, {
    carriers,
    scans,
    shutdown,
    heartbeatMs: config.EVENT_HEARTBEAT_MS,
    maxStreams: config.EVENT_STREAMS,
    open: metrics.streams,
  })
  // Who is sent the first customers has its sockets open; who cannot open them finds out by those who ask.
  let isWarm = true
  app.addHook('onListen', async () => {
    isWarm = false
    await Promise.all(carriers.map((carrier) => carrier.prewarm(WARM_MS))).finally(() => (isWarm = true))
  })
  app.register(probes, { shutdown, isWarm: () => isWarm })
  // Without lines in the log, and open until the very end: how a shutdown went is worth a last look.
  const back = config.METRICS_PORT === null ? undefined : Fastify({ forceCloseConnections: true })
  ;(back ?? app).register(metricsRoute, { registry: metrics.registry })
  // Where customers fill the kernel's queue, no probe gets through to `app`; who is busy would be taken for dead. This one
  // listens first, when there is nothing to be ready with yet.
  back?.register(probes, { shutdown, isWarm: () => isWarm && app.server.listening })

  // What still has something to write first, side by side, for there is a time for all of it; then what they need.
  app.addHook('onClose', async () => {
    await Promise.all([confirmations.drain(), outboxes.drain(), scans.drain()])
    await Promise.all([...carriers.map((carrier) => carrier.close()), store.close()])
    await back?.close()
  })
  return { app, ...(back && { back }), shutdown }
}

/** Where nothing is kept fresh, Redis would be asked with each question. */
const secondLevel = (redis: Redis, { QUOTE_FRESH_MS, QUOTE_ERROR_MS }: Config): Level<Offer> | undefined =>
  QUOTE_FRESH_MS > 0 ? redisLevel(redis, { prefix: 'quote:', keepMs: QUOTE_ERROR_MS }) : undefined

const clientLimits = (config: Config) => ({
  connections: config.CARRIER_CONNECTIONS,
  connectMs: config.CARRIER_CONNECT_MS,
  headersMs: config.CARRIER_HEADERS_MS,
  bodyMs: config.CARRIER_BODY_MS,
  maxBytes: config.CARRIER_MAX_BYTES,
  callMs: config.CARRIER_CALL_MS,
  rates: config.CARRIER_RATES,
  lineMs: config.CARRIER_WAIT_MS,
  socketMs: config.CARRIER_SOCKET_MS,
  attempts: config.CARRIER_ATTEMPTS,
  breaker: { consecutiveFailures: config.BREAKER_FAILURES, failureRate: config.BREAKER_PERCENT / 100 },
  streams: config.EVENT_STREAMS,
  routes: {
    critical: config.CARRIER_CRITICAL_CONNECTIONS,
    batch: config.CARRIER_BATCH_CONNECTIONS,
    queue: config.CARRIER_QUEUE,
    queueMs: config.CARRIER_QUEUE_MS,
    idleMs: config.CARRIER_IDLE_MS,
    warm: config.CARRIER_WARM,
  },
})

const serverLimits = (config: Config): ServerLimits => ({
  headersMs: config.HEADERS_MS,
  requestMs: config.REQUEST_MS,
  balancerIdleMs: config.BALANCER_IDLE_MS,
  bodyChunkMs: config.BODY_CHUNK_MS,
  handlerMs: config.HANDLER_MS,
})
