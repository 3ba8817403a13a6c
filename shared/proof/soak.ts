import { Pool } from 'undici'
import { CARRIER_NAMES, FAULT_KINDS, type Fleet, startFleet } from '../carriers/fleet.ts'
import { seededRandom } from '../core/random.ts'
import { sleep } from '../core/sleep.ts'
import { ask, probe } from './client.ts'
import { Customers } from './customers.ts'
import { type ParcelProcess, startParcel } from './process.ts'
import { metric, total, until } from './subject.ts'

export interface SoakOptions {
  seconds: number
  perSecond: number
  seed: number
}

/** Parcel at one moment, after its garbage was collected. */
export interface Moment {
  atS: number
  sent: number
  faults: number
  heapMb: number
  sockets: number
  timers: number
}

export interface SoakResult {
  moments: Moment[]
  statuses: Record<string, number>
  hungUp: number
  attempts: number
  switches: number
  complaints: string[]
}

/** Between two switches, on average. */
const SWITCH_MS = 400
/** Of all carriers, the share that is to be well, or else everything would be one long 503. */
const WELL = 0.6
const MOMENTS = 20
/** For what has to come to rest once the faults are over: a breaker's longest break is not among it. */
const REST_MS = 60_000
/** Beyond what the heap was in the second quarter: a leak of half a kilobyte a request is more within ten minutes. */
const growthMb = (heapMb: number) => heapMb * 0.1 + 4
/** Undici's clock, and what the reading itself needs. */
const IDLE = { sockets: 2, timers: 3 }

/** Random faults on random carriers, and a steady stream of customers: what grows, and what does not add up? */
export async function soak({ seconds, perSecond, seed }: SoakOptions): Promise<SoakResult> {
  const fleet = await startFleet({ seed, statusMs: 200, heartbeatMs: 500 })
  const parcel = await startParcel(fleet.carriers)
  const customers = new Customers(parcel.origin, seededRandom(seed))
  const reader = new Pool(parcel.origin, { connections: 1 })
  const moments: Moment[] = []
  const over = new AbortController()
  const read = async () => (await ask(reader, probe('metrics'), REST_MS)).body
  const look = async () => {
    await parcel.collectGarbage()
    customers.sent++
    const resources = metric(await read(), 'nodejs_active_resources')
    const countOf = (type: string) => total(resources.filter(({ labels }) => labels.type === type))
    const heapMb = total(metric(await read(), 'nodejs_heap_size_used_bytes')) / 2 ** 20
    customers.sent++
    const faults = fleet.stats().flatMap(({ replicas }) => replicas.filter(({ fault }) => fault)).length
    const [sockets, timers] = [countOf('TCPSocketWrap'), countOf('Timeout')]
    return { atS: performance.now() / 1000, sent: customers.sent, faults, heapMb, sockets, timers }
  }
  try {
    const watching = (async () => {
      for (;;) {
        await sleep((seconds * 1000) / MOMENTS, over.signal)
        moments.push(await look())
      }
    })().catch(ignoreAbort(over.signal))
    const switching = switchFaults(fleet, seed, over.signal)
    await customers.come(perSecond, seconds)
    over.abort()
    await Promise.all([watching, switching])
    const complaints = [...customers.complaints, ...parcel.errors, ...growthComplaints(moments)]
    complaints.push(...(await restComplaints(fleet, customers, read, look)))
    const attempts = total(metric(await read(), 'parcel_carrier_attempts_total'))
    complaints.push(...(await endComplaints(parcel)))
    const { statuses, hungUp } = customers
    return { moments, statuses, hungUp, attempts, switches: await switching, complaints }
  } finally {
    over.abort()
    parcel.kill('SIGKILL')
    await Promise.all([parcel.exited, reader.destroy(), customers.close()])
    await fleet.close()
  }
}

const ignoreAbort = (signal: AbortSignal) => (error: unknown) => {
  if (!signal.aborted) throw error
}

async function switchFaults(fleet: Fleet, seed: number, signal: AbortSignal): Promise<number> {
  const random = seededRandom(seed + 1)
  const draw = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)]!
  for (let switches = 0; ; switches++) {
    const fault = random() < WELL ? null : { kind: draw(FAULT_KINDS) }
    await fleet.setFault(draw(CARRIER_NAMES), fault, draw([0, 1, undefined]))
    await sleep(random() * 2 * SWITCH_MS, signal).catch(() => {})
    if (signal.aborted) return switches
  }
}

function growthComplaints(moments: Moment[]): string[] {
  const median = (some: Moment[]) => some.map(({ heapMb }) => heapMb).toSorted((a, b) => a - b)[some.length >> 1] ?? 0
  const quarter = Math.floor(moments.length / 4)
  const early = median(moments.slice(quarter, 2 * quarter))
  const late = median(moments.slice(-quarter))
  const hasGrown = late > early + growthMb(early)
  return hasGrown ? [`the heap has grown from ${early.toFixed(1)} to ${late.toFixed(1)} MB`] : []
}

/** When all faults are over and everybody has left: is anything left behind, and do the counts agree? */
async function restComplaints(
  fleet: Fleet,
  customers: Customers,
  read: () => Promise<string>,
  look: () => Promise<Moment>,
): Promise<string[]> {
  for (const name of CARRIER_NAMES) await fleet.setFault(name, null)
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
  claim(counted >= most - hungUp && counted <= most, `${most} requests sent, ${hungUp} of them hung up; ${counted} counted`)
  for (const [status, ours] of Object.entries(statuses)) {
    const same = requests.filter(({ labels }) => labels.status === status)
    claim(total(same) >= ours, `${ours} answers of ${status}, of which Parcel counts ${total(same)}`)
  }
  claim(total(requests.filter(({ labels }) => labels.status === '500')) === 0, 'there was a 500')
  const outcomes = metric(text, 'parcel_carrier_outcomes_total')
  const asked = total(outcomes.filter(({ labels }) => !['open', 'cancelled', 'timeout'].includes(labels.outcome ?? '')))
  const attempts = total(metric(text, 'parcel_carrier_attempts_total'))
  claim(attempts >= asked, `${attempts} attempts have had ${asked} outcomes`)
  const { started, bookings } = sums(fleet)
  claim(started <= attempts, `the carriers have had ${started} requests, of which Parcel counts ${attempts}`)
  claim(bookings >= booked.size && bookings <= keys, `${keys} keys, ${bookings} bookings, ${booked.size} of them answered`)
  claim(sent > 0, 'nobody came')

  // Whatever is idle and healthy is cut off: what is left then is held by nobody.
  await customers.close()
  for (const name of CARRIER_NAMES) await fleet.setFault(name, { kind: 'refused' })
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

async function endComplaints(parcel: ParcelProcess): Promise<string[]> {
  // Windows has no signals to send: there, a process that gets one is gone, and says nothing.
  parcel.kill('SIGTERM')
  const { end, stderr } = await parcel.exited
  const isOrderly = end === 0 || process.platform === 'win32'
  return [...(isOrderly ? [] : [`Parcel ended with ${end}`]), ...(stderr ? [stderr] : [])]
}
