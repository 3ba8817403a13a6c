import type { FastifyBaseLogger } from 'fastify'
import { createWorker, type Worker } from '#chapters/02-graceful-shutdown/worker.ts'
import { deadlineAfter } from '../core/deadline.ts'
import type { Carrier } from './carrier.ts'
import { drainInTime } from './drain.ts'
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

/** At a time. One after the other, they would keep up with no more bookings than one connection can read back. */
const READERS = 16
/** What may wait for each; more is dropped, since a queue without an end is only a slower way to lose things. */
const CAPACITY = 64
const PATIENCE_MS = 5000

/**
 * Reads each booking back after the answer has gone out: a booking that no replica knows is a call to the carrier's
 * support, better made by us than by the customer. One that was not read back stands in the log, by its id.
 */
export function createConfirmations({ confirmations }: Metrics, log: FastifyBaseLogger): Confirmations {
  const confirm = (booked: Booked) => {
    confirmations.inc({ outcome: 'confirmed' })
    log.debug({ carrier: booked.carrier.name, id: booked.id }, 'booking read back')
  }
  // Each by its id, and never only counted: somebody may have to ask the carrier about it.
  const report = (outcome: 'failed' | 'dropped', { carrier, id }: Booked, reason: string) => {
    confirmations.inc({ outcome })
    log.warn({ carrier: carrier.name, id, reason }, 'booking not read back')
  }
  const readers = Array.from({ length: READERS }, () =>
    createWorker<Booked>({
      capacity: CAPACITY,
      async handle(booked, signal) {
        try {
          await booked.carrier.shipment(booked.id, {
            signal,
            deadline: deadlineAfter(PATIENCE_MS),
            priority: 'batch',
          })
          confirm(booked)
        } catch (error) {
          // Handed back, and told by who has it then.
          if (signal.aborted) throw error
          report('failed', booked, reasonOf(error))
        }
      },
    }),
  )
  let turn = 0
  return {
    offer(booked) {
      turn++
      const taken = readers.some((_, index) => readers[(turn + index) % READERS]!.offer(booked))
      if (!taken) report('dropped', booked, 'too many wait')
      return taken
    },
    async drain() {
      const left = await drainInTime((stop) => Promise.all(readers.map((reader) => reader.drain(stop))))
      for (const booked of left.flat()) report('dropped', booked, 'shutdown')
    },
  }
}
