import { Pool } from 'undici'
import { CARRIER_NAMES } from '../carriers/fleet.ts'
import type { Random } from '../core/random.ts'
import { atRandom, openLoop } from '../stage/open-loop.ts'
import type { Answer } from '../stage/raw.ts'
import { complaintsAbout, type Route, ROUTES } from './answers.ts'
import { ask, booking, events, probe, type Question, quotes, shipment } from './client.ts'

/** Longer than any answer of Parcel may take. */
const PATIENCE_MS = 30_000
/** What else but a success there may be while carriers fail; a 500 would be a mistake of ours, a 4xx one of theirs. */
const FAILURES = [502, 503, 504]
/** The shipments that are asked after. */
const REMEMBERED = 100

/** Customers of every route, each from another address, who arrive at random and at a steady rate; some hang up. */
export class Customers {
  readonly #client: Pool
  readonly #random: Random
  readonly #ids: string[] = []
  readonly #waiting = new Set<Promise<void>>()
  sent = 0
  hungUp = 0
  keys = 0
  readonly statuses: Record<string, number> = {}
  readonly booked = new Set<string>()
  readonly complaints: string[] = []

  constructor(origin: string, random: Random) {
    this.#client = new Pool(origin)
    this.#random = random
  }

  /** Whether answered or not, the next one comes when it is due. Resolves when everybody has left. */
  async come(perSecond: number, seconds: number): Promise<void> {
    await openLoop({ gap: atRandom(perSecond, this.#random), ms: seconds * 1000 }, () => {
      const visit = this.#visit().finally(() => this.#waiting.delete(visit))
      this.#waiting.add(visit)
    })
    await Promise.all(this.#waiting)
  }

  close(): Promise<void> {
    return this.#client.destroy()
  }

  async #visit(): Promise<void> {
    const question = this.#question()
    const leaves = this.#random() < 0.05
    const patienceMs = leaves ? this.#random() * 300 : PATIENCE_MS
    this.sent++
    try {
      const headers = { ...question.headers, 'x-forwarded-for': this.#address() }
      this.#judge(question.route, await ask(this.#client, { ...question, headers }, patienceMs))
    } catch (error) {
      if (leaves) this.hungUp++
      else this.complaints.push(`${question.route}: ${(error as Error).message}`)
    }
  }

  #question(): Question {
    const draw = <T>(from: readonly T[]) => from[Math.floor(this.#random() * from.length)]!
    const id = draw(this.#ids)
    const kind = this.#random()
    if (kind < 0.1) return probe(draw(['livez', 'readyz', 'metrics']))
    if (kind < 0.3 || !id) return booking(`key-${++this.keys}`, draw(CARRIER_NAMES))
    if (kind < 0.45) return shipment(id)
    if (kind < 0.5) return events(id)
    return quotes
  }

  #address(): string {
    return Array.from({ length: 4 }, () => 1 + Math.floor(this.#random() * 254)).join('.')
  }

  #judge(route: Route, answer: Answer): void {
    const { status, body } = answer
    const isExpected =
      status === ROUTES[route].success || (!/livez|readyz|metrics/.test(route) && FAILURES.includes(status))
    const complaints = complaintsAbout(route, answer)
    if (!isExpected) complaints.push(`${status} ${body}`)
    this.complaints.push(...complaints.map((complaint) => `${route}: ${complaint}`))
    // A stream is counted by Parcel as aborted once its reader has left.
    if (!route.endsWith('events')) this.statuses[status] = (this.statuses[status] ?? 0) + 1
    if (status !== 201) return
    const { id } = JSON.parse(body)
    this.booked.add(id)
    this.#ids.push(id)
    if (this.#ids.length > REMEMBERED) this.#ids.shift()
  }
}
