import { join } from 'node:path'
import { Agent } from 'undici'
import { CARRIER_NAMES, type Fleet, type FaultKind, startFleet } from '../carriers/fleet.ts'
import { type Random, seededRandom } from '../core/random.ts'
import { sleep } from '../core/sleep.ts'
import { parseMetrics } from '../stage/prometheus.ts'
import { temporaryFolder } from '../stage/temporary.ts'
import { complaintsAbout } from './answers.ts'
import { ask, booking, probe, type Question, scans } from './client.ts'
import { type ParcelProcess, startParcel } from './process.ts'

export interface CrashOptions {
  /** How often Parcel is killed. */
  kills: number
  seed: number
  /** Customers who book at a time, one parcel after the other. Default: 8. */
  customers?: number
}

export interface CrashResult {
  kills: number
  /** Keys, each of which somebody went on with until it was answered by a 201, or a 202. */
  keys: number
  /** Those with a 202: nobody has asked for them again. */
  promised: number
  bookings: number
  /** Scans in uploads that were answered by a 200. */
  scans: number
  /** Calls for which Parcel died. */
  cut: number
  /** Of those, how many the carrier had carried out already: without a key, each would be a parcel sent twice. */
  saved: number
  complaints: string[]
}

/** What may be wrong with one replica at a time: each of them loses the answer to a booking that was made, or all of it. */
const FAULTS: (FaultKind | null)[] = [null, null, 'reset', 'truncated-body', '5xx']
/** How a call looks when Parcel dies in the middle of it. */
const CUT = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']
/** Parcel lives for so many bookings, and then so many milliseconds: by the clock alone, a slow one would make none. */
const LIFE = { bookings: 9, ms: 30 }
const PATIENCE_MS = 20_000
const UPLOAD_LINES = 400
/** For what is owed when the last customer has gone. */
const LAST_DELIVERIES_MS = 20_000

/**
 * Kills Parcel again and again while customers book, each with a key of its own and until it has an answer; every second one is content
 * with a 202; and while a courier uploads scans, each upload until it is taken. Parcel's outbox and its scans are in a directory that
 * outlives it.
 */
export async function crash({ kills, seed, customers = 8 }: CrashOptions): Promise<CrashResult> {
  const random = seededRandom(seed)
  const fleet = await startFleet({ seed })
  const client = new Agent()
  const result: CrashResult = {
    kills: 0,
    keys: 0,
    promised: 0,
    bookings: 0,
    scans: 0,
    cut: 0,
    saved: 0,
    complaints: [],
  }
  const ids = new Map<string, string>()
  const disk = temporaryFolder()
  const env = { OUTBOX_DIR: join(disk.path, 'outbox'), DATABASE_URL: `sqlite:${join(disk.path, 'scans.db')}` }
  const start = () => startParcel(fleet.carriers, env)
  let parcel = await start()
  await parcel.settle()
  let isOver = false

  /** As often as it takes, when nobody is there, or dies meanwhile. */
  async function insist(question: Question, onCut = () => {}) {
    for (; ; await sleep(20)) {
      try {
        const answer = await ask(client, { ...question, origin: parcel.origin }, PATIENCE_MS)
        // A 202 is looked at in the end, when what it has promised is counted.
        if (answer.status !== 202) result.complaints.push(...complaintsAbout(question.route, answer))
        if (answer.status < 300) return answer
        if (answer.status < 500) throw new Error(`${question.route} got ${answer.status}: ${answer.body}`)
      } catch (error) {
        const code = String((error as NodeJS.ErrnoException).code)
        if (code !== 'ECONNREFUSED' && !CUT.includes(code)) throw error
        if (!CUT.includes(code)) continue
        result.cut++
        onCut()
      }
    }
  }
  /** @returns the shipment's id, or the key that was promised one */
  async function book(question: Question, carrier: string): Promise<string> {
    let before = countOf(fleet, carrier)
    const { status, body } = await insist(question, () => {
      // Others book with this carrier too, so this is an estimate; that nothing is booked twice is not.
      if (countOf(fleet, carrier) > before) result.saved++
      before = countOf(fleet, carrier)
    })
    if (status === 201) return JSON.parse(body).id
    result.promised++
    return question.headers!['idempotency-key']!
  }
  async function courier(): Promise<void> {
    for (let number = 0; !isOver; number++) {
      const { body } = await insist(scans(`pelican-${number}`, UPLOAD_LINES))
      const { stored, known } = JSON.parse(body)
      if (stored + known !== UPLOAD_LINES) result.complaints.push(`of ${UPLOAD_LINES} scans, a 200 tells ${body}`)
      result.scans += UPLOAD_LINES
    }
  }
  async function customer(name: number): Promise<void> {
    for (let number = 0; !isOver; number++) {
      const key = `customer-${name}-parcel-${number}`
      const carrier = CARRIER_NAMES[(name + number) % CARRIER_NAMES.length]!
      const question = booking(key, carrier)
      const headers = { ...question.headers, ...(number % 2 === 1 && { prefer: 'respond-async' }) }
      ids.set(key, await book({ ...question, headers }, carrier))
    }
  }

  try {
    let hasFailed = false
    const all = Promise.all([...Array.from({ length: customers }, (_, index) => customer(index)), courier()])
    all.catch(() => (hasFailed = true))
    const end = (async () => {
      try {
        for (; result.kills < kills; result.kills++) {
          const until = ids.size + Math.floor(random() * LIFE.bookings)
          const { carrier, kind } = drawFault(random)
          await fleet.setFault(carrier, kind && { kind }, 0)
          while (ids.size < until && !hasFailed) await sleep(1)
          await sleep(random() * LIFE.ms)
          parcel.kill('SIGKILL')
          const { stderr } = await parcel.exited
          result.complaints.push(...parcel.errors, ...(stderr ? [stderr] : []))
          await fleet.setFault(carrier, null, 0)
          parcel = await start()
        }
      } finally {
        isOver = true
      }
    })()
    await Promise.all([all, end])
    result.complaints.push(...(await settleDebts(client, parcel)))
    for (let number = 0; number < result.scans / UPLOAD_LINES; number++) {
      const { body } = await insist(scans(`pelican-${number}`, UPLOAD_LINES))
      if (JSON.parse(body).known !== UPLOAD_LINES) result.complaints.push(`scans were taken, and are lost: ${body}`)
    }
    result.keys = ids.size
    result.bookings = fleet.stats().reduce((sum, { bookings }) => sum + bookings, 0)
    if (result.bookings !== ids.size) result.complaints.push(`${ids.size} keys have made ${result.bookings} bookings`)
    if (new Set(ids.values()).size !== ids.size) result.complaints.push('two keys have the same shipment')
    if (kills > 0 && result.cut === 0) result.complaints.push('no kill has cut a booking: nothing was proved')
    return result
  } finally {
    isOver = true
    parcel.kill('SIGKILL')
    await parcel.exited
    await client.destroy()
    await fleet.close()
    disk.remove()
  }
}

/** Waits until nothing is owed any more. @returns what is wrong */
async function settleDebts(client: Agent, { origin }: ParcelProcess): Promise<string[]> {
  const until = performance.now() + LAST_DELIVERIES_MS
  for (;;) {
    const { body } = await ask(client, { ...probe('metrics'), origin }, PATIENCE_MS)
    const samples = parseMetrics(body)
    const sum = (name: string) =>
      samples.reduce((total, each) => total + (each.name === `parcel_outbox_${name}` ? each.value : 0), 0)
    if (sum('dead') > 0) return [`${sum('dead')} dead letters`]
    if (sum('pending') === 0) return []
    if (performance.now() > until) return [`${sum('pending')} deliveries are still owed`]
    await sleep(50)
  }
}

const countOf = (fleet: Fleet, carrier: string) => fleet.stats().find(({ name }) => name === carrier)!.bookings

function drawFault(random: Random) {
  const draw = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)]!
  return { carrier: draw(CARRIER_NAMES), kind: draw(FAULTS) }
}
