import { CARRIER_NAMES, type Fleet } from '../carriers/fleet.ts'
import type { Customers } from './customers.ts'
import { until } from '../stage/until.ts'
import { metric, setFault, total } from './subject.ts'

/** Parcel at one moment, after its garbage was collected. */
export interface Moment {
  atS: number
  sent: number
  faults: number
  heapMb: number
  sockets: number
  timers: number
}

/** For what has to come to rest once the faults are over: a breaker's longest break is not among it. */
export const REST_MS = 60_000
/** Beyond what the heap was in the second quarter: a leak of half a kilobyte a request is more within ten minutes. */
const growthMb = (heapMb: number) => heapMb * 0.1 + 4
/** Clients that Parcel remembers: of those who came once, the last few. */
const REMEMBERED = 20
/** Undici's clock, and what the reading itself needs. */
const IDLE = { sockets: 2, timers: 3 }

/** What the heap tells, the first quarter left aside as warming up. */
export function growthComplaints(moments: Moment[]): string[] {
  const median = (some: Moment[]) => some.map(({ heapMb }) => heapMb).toSorted((a, b) => a - b)[some.length >> 1] ?? 0
  const quarter = Math.floor(moments.length / 4)
  const early = median(moments.slice(quarter, 2 * quarter))
  const late = median(moments.slice(-quarter))
  const hasGrown = late > early + growthMb(early)
  return hasGrown ? [`the heap has grown from ${early.toFixed(1)} to ${late.toFixed(1)} MB`] : []
}

/** When all faults are over and everybody has left: is anything left behind, and do the counts agree? */
export async function restComplaints(
  fleet: Fleet,
  customers: Customers,
  read: () => Promise<string>,
  look: () => Promise<Moment>,
): Promise<string[]> {
  for (const name of CARRIER_NAMES) await setFault(fleet, name, null)
  const { sent, hungUp, statuses, booked, keys } = customers
  const isDone = async () => {
    const text = await read()
    customers.sent++
    const inFlight = total(metric(text, 'parcel_carrier_in_flight'))
    return inFlight === 0 && total(metric(text, 'parcel_confirmations_total')) >= booked.size
  }
  const complaints: string[] = []
  const claim = (holds: boolean, otherwise: string) => void (holds || complaints.push(otherwise))
  claim(await until(isDone, REST_MS), 'requests are still in flight, or bookings were never read back')
  const text = await read()

  const requests = metric(text, 'parcel_request_seconds_count')
  const counted = total(requests)
  const most = customers.sent
  claim(
    counted >= most - hungUp && counted <= most,
    `${most} requests sent, ${hungUp} of them hung up; ${counted} counted`,
  )
  for (const [status, ours] of Object.entries(statuses)) {
    const same = requests.filter(({ labels }) => labels.status === status)
    claim(total(same) >= ours, `${ours} answers of ${status}, of which Parcel counts ${total(same)}`)
  }
  claim(total(requests.filter(({ labels }) => labels.status === '500')) === 0, 'there was a 500')
  const outcomes = metric(text, 'parcel_carrier_outcomes_total')
  const asked = total(
    outcomes.filter(({ labels }) => !['open', 'busy', 'cancelled', 'timeout'].includes(labels.outcome ?? '')),
  )
  const attempts = total(metric(text, 'parcel_carrier_attempts_total'))
  claim(attempts >= asked, `${attempts} attempts have had ${asked} outcomes`)
  const { started, bookings } = sums(fleet)
  // Once more by another socket, because an idle one had died.
  const resent = total(metric(text, 'parcel_route_stale_total'))
  claim(
    started <= attempts + resent,
    `the carriers have had ${started} requests, of which Parcel counts ${attempts}, and ${resent} sent again`,
  )
  claim(
    bookings >= booked.size && bookings <= keys,
    `${keys} keys, ${bookings} bookings, ${booked.size} of them answered`,
  )
  claim(sent > 0, 'nobody came')
  const clients = total(metric(text, 'parcel_clients'))
  claim(clients > 0 && clients <= REMEMBERED, `${clients} clients have a bucket, of ${sent} who came once each`)

  // Whatever is idle and healthy is cut off: what is left then is held by nobody.
  await customers.close()
  for (const name of CARRIER_NAMES) await setFault(fleet, name, { kind: 'refused' })
  let moment = await look()
  const isIdle = async () => {
    moment = await look()
    return moment.sockets <= IDLE.sockets && moment.timers <= IDLE.timers
  }
  claim(await until(isIdle, REST_MS), `at rest, Parcel holds ${moment.sockets} sockets and ${moment.timers} timers`)
  return complaints
}

function sums(fleet: Fleet) {
  const stats = fleet.stats()
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)
  const started = sum(stats.flatMap(({ replicas }) => replicas.map(({ started }) => started)))
  return { started, bookings: sum(stats.map(({ bookings }) => bookings)) }
}
