import type { FastifyBaseLogger } from 'fastify'
import { deadlineIn } from '#chapters/01-timeouts/deadline.ts'
import { createWorker, type Worker } from '#chapters/02-graceful-shutdown/worker.ts'
import type { Carrier } from './carrier.ts'
import type { Metrics } from './metrics.ts'
import { reasonOf } from './reasons.ts'

interface Booked {
  carrier: Carrier
  /** The carrier's own id. */
  id: string
}

export interface Confirmations extends Pick<Worker<Booked>, 'offer'> {
  /** Reads back what it can in two seconds; the rest stands in the log. */
  drain(): Promise<void>
}

/** What may wait; more is refused, since a queue without an end is only a slower way to lose things. */
const CAPACITY = 1000
const PATIENCE_MS = 5000
/** For all that wait when the service ends: a thousand of them at a dead carrier would hold it until it is killed. */
const DRAIN_MS = 2000

/**
 * Reads each booking back after the answer has gone out: a booking that no replica knows is a call to the carrier's
 * support, better made by us than by the customer. One that was not read back stands in the log, by its id.
 */
export function createConfirmations({ confirmations }: Metrics, log: FastifyBaseLogger): Confirmations {
  const report = (outcome: 'confirmed' | 'failed' | 'refused', { carrier, id }: Booked, reason?: string) => {
    confirmations.inc({ outcome })
    log[outcome === 'confirmed' ? 'info' : 'warn']({ carrier: carrier.name, id, reason }, `booking ${outcome}`)
  }
  const worker = createWorker<Booked>({
    capacity: CAPACITY,
    async handle(booked, signal) {
      try {
        await booked.carrier.shipment(booked.id, { signal, deadline: deadlineIn(PATIENCE_MS) })
        report('confirmed', booked)
      } catch (error) {
        report('failed', booked, reasonOf(error))
      }
    },
  })
  return {
    offer(booked) {
      const taken = worker.offer(booked)
      if (!taken) report('refused', booked)
      return taken
    },
    async drain() {
      const stop = new AbortController()
      const timer = setTimeout(() => stop.abort(), DRAIN_MS)
      const left = await worker.drain(stop.signal)
      clearTimeout(timer)
      for (const booked of left) report('refused', booked, 'shutdown')
    },
  }
}
