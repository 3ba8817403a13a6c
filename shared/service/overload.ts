import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Counter } from 'prom-client'
import { Door, type Pass } from '#chapters/08-load-shedding/door.ts'
import { AimdLimit } from '#chapters/08-load-shedding/limit.ts'
import { LoopDelay } from '#chapters/08-load-shedding/loop-delay.ts'
import { shedLoad } from '#chapters/08-load-shedding/shed.ts'
import { OverloadError } from '../core/errors.ts'
import { comeBackInS, OVERLOADED } from '../core/refuse.ts'
import type { CarrierConfig, Config } from './config.ts'
import { HANDLES } from './listen.ts'
import { gaugesIn, type Metrics } from './metrics.ts'
import { Problem } from './problems.ts'

/** Fewer places would not keep the sockets busy, whatever is late. */
const LEAST_PLACES = 8

type Limits = Pick<
  Config,
  | 'CARRIER_CONNECTIONS'
  | 'MAX_IN_FLIGHT'
  | 'MAX_WAITING'
  | 'MAX_WAIT_MS'
  | 'MAX_BURST_WAIT_MS'
  | 'RETRY_AFTER_S'
  | 'MAX_LOOP_DELAY_MS'
>

/** An eighth of the sockets that listen: what is accepted in a turn can be refused in it, up to eight times what one can do. */
const PER_TURN = HANDLES / 8

/** A place for a route that gives its own back when it likes, with `urgency: null`. @throws Problem as `shedLoad` answers */
export type EnterDoor = (request: FastifyRequest, urgency: number) => Promise<Pass>

/** Has every request pass through the door of chapter 08, and tells how it is there. */
export function shedOverload(
  app: FastifyInstance,
  limits: Limits,
  carriers: CarrierConfig[],
  { registry }: Pick<Metrics, 'registry'>,
): EnterDoor {
  // A quote needs a socket to one replica of each carrier: the one with the fewest decides.
  const fewest = Math.min(...carriers.map(({ replicas }) => replicas.length))
  const sockets = limits.CARRIER_CONNECTIONS * (fewest > 0 && fewest < Infinity ? fewest : 1)
  const max = limits.MAX_IN_FLIGHT ?? sockets
  if (max > sockets)
    app.log.warn({ MAX_IN_FLIGHT: max, sockets }, 'more requests at work than sockets: some will wait for one')
  const lateMs = limits.MAX_LOOP_DELAY_MS
  const door = new Door({
    limit: lateMs === null ? max : learningLimit(app, { max, lateMs }),
    queue: limits.MAX_WAITING,
    maxWaitMs: limits.MAX_WAIT_MS,
    burstMs: limits.MAX_BURST_WAIT_MS,
    perTurn: PER_TURN,
  })

  const gauge = gaugesIn(registry)
  gauge('parcel_places', 'Requests that may be at work at a time, as of now', () => door.places)
  gauge('parcel_inside', 'Requests that are at work', () => door.inside)
  gauge('parcel_waiting', 'Requests that wait for another one to end', () => door.waiting)
  const refused = new Counter({
    name: 'parcel_refused_total',
    help: 'Requests that were refused because there was too much to do, by why and by the urgency of their route',
    labelNames: ['because', 'urgency'],
    registers: [registry],
  })

  // Whoever is refused comes back: all within three seconds, they are more than came at first, and more than can be refused.
  const retryAfterS = { from: 1, to: limits.RETRY_AFTER_S }
  shedLoad(app, {
    door,
    retryAfterS,
    onRefused({ because }, request) {
      refused.inc({ because, urgency: request.routeOptions.config.urgency ?? 3 })
      request.isTallied = true
      app.tally(request.log, { status: 503, reason: because }, 'overloaded')
    },
  })

  return async ({ deadline }, urgency) => {
    try {
      return await door.enter({ urgency, deadline })
    } catch (error) {
      if (!(error instanceof OverloadError)) throw error
      refused.inc({ because: error.because, urgency })
      const { detail, reason } = OVERLOADED
      throw new Problem(503, detail, {
        cause: error,
        headers: { 'retry-after': comeBackInS(retryAfterS, Math.random) },
        extensions: { reason },
      })
    }
  }
}

/** It costs a few answers in a hundred where the door alone is enough (bench overload), and so is for who has asked for it. */
function learningLimit(app: FastifyInstance, { max, lateMs }: { max: number; lateMs: number }): AimdLimit {
  const loop = new LoopDelay()
  app.addHook('onClose', async () => loop.stop())
  return new AimdLimit({ min: Math.min(LEAST_PLACES, max), max, isLate: () => loop.ms > lateMs })
}
