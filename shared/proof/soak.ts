import { Pool } from 'undici'
import { CARRIER_NAMES, FAULT_KINDS, type Fleet, startFleet } from '../carriers/fleet.ts'
import { seededRandom } from '../core/random.ts'
import { sleep } from '../core/sleep.ts'
import { growthComplaints, type Moment, REST_MS, restComplaints } from './accounts.ts'
import { ask, probe } from './client.ts'
import { Customers } from './customers.ts'
import { type ParcelProcess, startParcel } from './process.ts'
import { metric, setFault, total } from './subject.ts'

export interface SoakOptions {
  seconds: number
  perSecond: number
  seed: number
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
/** A limit that nobody exceeds who comes once, and everybody is somebody else (see Customers). */
const LIMITED = { CLIENT_RATE: '10', TRUSTED_PROXIES: '127.0.0.0/8' }

/** Random faults on random carriers, and a steady stream of customers: what grows, and what does not add up? */
export async function soak({ seconds, perSecond, seed }: SoakOptions): Promise<SoakResult> {
  const fleet = await startFleet({ seed, statusMs: 200, heartbeatMs: 500 })
  const parcel = await startParcel(fleet.carriers, LIMITED)
  const customers = new Customers(parcel.origin, seededRandom(seed))
  const reader = new Pool(parcel.origin, { connections: 1 })
  const moments: Moment[] = []
  const over = new AbortController()
  const read = async () => (await ask(reader, probe('metrics'), REST_MS)).body
  const look = async () => {
    await parcel.settle()
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
    await setFault(fleet, draw(CARRIER_NAMES), fault, draw([0, 1, undefined]))
    await sleep(random() * 2 * SWITCH_MS, signal).catch(() => {})
    if (signal.aborted) return switches
  }
}

async function endComplaints(parcel: ParcelProcess): Promise<string[]> {
  // Windows has no signals to send: there, a process that gets one is gone, and says nothing.
  parcel.kill('SIGTERM')
  const { end, stderr } = await parcel.exited
  const isOrderly = end === 0 || process.platform === 'win32'
  return [...(isOrderly ? [] : [`Parcel ended with ${end}`]), ...(stderr ? [stderr] : [])]
}
