import { sleep } from '../core/sleep.ts'
import { type Booking, type Shipment, STATUSES } from './bookings.ts'

/** How many of the statuses a shipment has reached. */
const reached = ({ statusAt }: Shipment): number => statusAt.filter((at) => at <= performance.now()).length

export function describe(shipment: Shipment): Booking & { status: string } {
  return { ...shipment.booking, status: STATUSES[reached(shipment) - 1] ?? STATUSES[0] }
}

/** One event of a text/event-stream (WHATWG HTML, "Server-sent events"). */
function event({ booking, statusAt }: Shipment, index: number): string {
  const afterMs = Math.round((statusAt[index] ?? 0) - (statusAt[0] ?? 0))
  const data = JSON.stringify({ id: booking.id, carrier: booking.carrier, status: STATUSES[index], afterMs })
  return `id: ${index + 1}\nevent: status\ndata: ${data}\n\n`
}

/** The events so far as one text, and the rest as they happen; in between comments, lest the line be taken for dead. */
export function events(shipment: Shipment, heartbeatMs: number) {
  let next = reached(shipment)
  const past = STATUSES.slice(0, next)
    .map((_, index) => event(shipment, index))
    .join('')
  async function* future(signal: AbortSignal): AsyncGenerator<string> {
    for (;;) {
      const untilNextMs = (shipment.statusAt[next] ?? Infinity) - performance.now()
      await sleep(Math.max(0, Math.min(untilNextMs, heartbeatMs)), signal)
      yield untilNextMs <= heartbeatMs ? event(shipment, next++) : ': nothing new\n\n'
    }
  }
  return { past, future }
}
