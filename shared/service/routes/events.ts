import { addAbortSignal, Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Shutdown } from '#chapters/02-graceful-shutdown/shutdown.ts'
import type { Carrier } from '../carrier.ts'
import { CarrierError } from '../reasons.ts'
import { ShipmentId } from '../schemas.ts'
import { findCarrier } from '../shipment-id.ts'
import { withHeartbeats } from './heartbeats.ts'

interface Options {
  carriers: Carrier[]
  shutdown: Pick<Shutdown, 'signal'>
  /** Milliseconds of silence after which a reader gets a comment. */
  heartbeatMs: number
}

export const events: FastifyPluginAsyncTypebox<Options> = async (app, { carriers, shutdown, heartbeatMs }) => {
  // A parcel is on its way for days, and so is its stream: the handler's limit would cut it.
  const options = { schema: { params: ShipmentId }, config: { handlerMs: Infinity } }

  app.get('/shipments/:id/events', options, async ({ params, headers, abortSignal, deadline, trace }, reply) => {
    const { carrier, id } = findCarrier(carriers, params.id)
    const lastEventId = headers['last-event-id']
    const accept = {
      accept: 'text/event-stream',
      ...(typeof lastEventId === 'string' && { 'last-event-id': lastEventId }),
    }
    const stream = await carrier.events(id, accept, { signal: abortSignal, deadline, trace })
    // Both, because the reader below notices neither while the carrier is silent.
    addAbortSignal(abortSignal, stream)
    addAbortSignal(shutdown.signal, stream)
    return reply
      .headers({
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        // nginx, and what is built on it, would keep events back until it has a buffer full of them.
        'x-accel-buffering': 'no',
      })
      .send(Readable.from(relay(withHeartbeats(stream, heartbeatMs), carrier, shutdown.signal)))
  })
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
