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

export type Confirmations = Pick<Worker<Booked>, 'offer' | 'drain'>

/** What may wait; more is refused, since a queue without an end is only a slower way to lose things. */
const CAPACITY = 1000
const PATIENCE_MS = 5000

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
      const left = await worker.drain()
      for (const booked of left) report('refused', booked, 'shutdown')
      return left
    },
  }
}
