import { addAbortSignal, Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Shutdown } from '#chapters/02-graceful-shutdown/shutdown.ts'
import { merge } from '#chapters/11-batching/merge.ts'
import type { Carrier } from '../carrier.ts'
import type { Metrics } from '../metrics.ts'
import { Problem } from '../problems.ts'
import { CarrierError } from '../reasons.ts'
import { keyOf } from '../scan-store.ts'
import type { Scan } from '../scan.ts'
import { type Followed, type Scans, SlowReaderError } from '../scans.ts'
import { ShipmentId } from '../schemas.ts'
import { findCarrier } from '../shipment-id.ts'
import { withHeartbeats } from './heartbeats.ts'

interface Options {
  carriers: Carrier[]
  scans: Pick<Scans, 'of' | 'follow'>
  shutdown: Pick<Shutdown, 'signal'>
  /** Milliseconds of silence after which a reader gets a comment. */
  heartbeatMs: number
  /** At a time: each holds two sockets for as long as somebody reads. */
  maxStreams: number
  open: Metrics['streams']
}

const path = '/shipments/:id/events'
const headers = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  // nginx, and what is built on it, would keep events back until it has a buffer full of them.
  'x-accel-buffering': 'no',
}
/** Long enough that whoever is refused does not spend the time on asking. */
const RETRY_AFTER_S = 5

export const events: FastifyPluginAsyncTypebox<Options> = async (app, options) => {
  const { carriers, scans, shutdown, heartbeatMs, maxStreams, open } = options
  let streams = 0
  /** @returns how to give it back, to be called once */
  const takeSlot = () => {
    if (streams >= maxStreams) {
      throw new Problem(503, `There are ${maxStreams} streams already`, { headers: { 'retry-after': RETRY_AFTER_S } })
    }
    open.set(++streams)
    return () => open.set(--streams)
  }

  // What GET would say. Fastify's own HEAD begins a stream, and reads it for as long as the parcel is on its way.
  app.head(
    path,
    { schema: { params: ShipmentId }, config: { urgency: 3 } },
    async ({ params, abortSignal, deadline, trace }, reply) => {
      const { carrier, id } = findCarrier(carriers, params.id)
      await carrier.shipment(id, { signal: abortSignal, deadline, trace })
      return reply.headers(headers).send()
    },
  )

  // A parcel is on its way for days, and so is its stream: the handler's limit would cut it.
  const schema = {
    summary: 'What becomes of a parcel, as it happens',
    produces: 'text/event-stream',
    params: ShipmentId,
  }
  const endless = { schema, config: { handlerMs: Infinity, urgency: 3 } }

  app.get(path, endless, async (request, reply) => {
    const { params, headers: asked, abortSignal, deadline, trace } = request
    const { carrier, id } = findCarrier(carriers, params.id)
    // Who has gone away already would never give it back.
    if (reply.raw.closed) return reply.hijack()
    reply.raw.once('close', takeSlot())
    const lastEventId = asked['last-event-id']
    const accept = {
      accept: 'text/event-stream',
      ...(typeof lastEventId === 'string' && { 'last-event-id': lastEventId }),
    }
    const stream = await carrier.events(id, accept, { signal: abortSignal, deadline, trace })
    // Followed before they are asked for, or one that comes in between is missed.
    const live = scans.follow(params.id)
    // Before anything else, for then nobody would end them.
    reply.raw.once('close', () => live.close())
    // Both, because the reader below notices neither while the carrier is silent.
    addAbortSignal(abortSignal, stream)
    addAbortSignal(shutdown.signal, stream)
    const stored = await scans.of(params.id).catch((error: unknown) => {
      app.tally(request.log, { reason: String(error) }, 'no scans')
      return []
    })
    const woven = weave(stream, live, stored)
    return reply
      .headers(headers)
      .send(Readable.from(relay(withHeartbeats(woven, heartbeatMs), carrier, shutdown.signal)))
  })
}

const EVENT_END = /(?:\r\n|\n|\r)(?:\r\n|\n|\r)$/

/** No `id:`, for a reader's `Last-Event-ID` is the carrier's. */
const eventOf = ({ at, place, event }: Scan): string => `event: scan\ndata: ${JSON.stringify({ at, place, event })}\n\n`

/** The stored scans, and then what the carrier sends and new scans, as they come; a scan never in the midst of an event. */
async function* weave(stream: Readable, live: Followed, stored: Scan[]): AsyncGenerator<Buffer> {
  const known = new Set(stored.map(keyOf))
  let held = stored.map(eventOf).join('')
  let tail = '\n\n'
  async function* carried(): AsyncGenerator<Buffer> {
    yield* stream
    // Without the carrier's there are no events.
    live.close()
  }
  try {
    if (held) yield Buffer.from(held)
    held = ''
    for await (const item of merge<Buffer | Scan>([carried(), live])) {
      if (Buffer.isBuffer(item)) {
        tail = (tail + item.toString('latin1', Math.max(0, item.length - 4))).slice(-4)
        yield item
      } else if (!known.has(keyOf(item))) held += eventOf(item)
      if (!held || !EVENT_END.test(tail)) continue
      yield Buffer.from(held)
      held = ''
    }
  } catch (error) {
    // They are all in the store, for when the reader is back.
    if (!(error instanceof SlowReaderError)) throw error
  } finally {
    live.close()
    stream.destroy()
  }
}

/** A stream that we end ourselves ends like any other: an EventSource then connects again, and finds another instance. */
async function* relay(stream: AsyncIterable<Buffer | string>, carrier: Carrier, shutdown: AbortSignal) {
  try {
    yield* stream
  } catch (error) {
    // Headers wait for the first words: until then, whoever reads can still be told what has happened.
    if (!shutdown.aborted) throw new CarrierError(carrier.name, error)
  }
}
