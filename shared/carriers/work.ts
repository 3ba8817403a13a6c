import type { IncomingMessage } from 'node:http'
import type { Random } from '../core/random.ts'
import { sleep } from '../core/sleep.ts'
import type { Bookings } from './bookings.ts'
import { type Answer, answerOf, json } from './http.ts'
import { latencyAt, type LatencyLaw, underLoad } from './latency.ts'
import { route } from './routes.ts'

export interface WorkOptions {
  bookings: Bookings
  latency: LatencyLaw
  errorRate: number
  capacity: number
  heartbeatMs: number
}

/** The milliseconds that the caller will still wait, by its header; one that names no number waits for ever. */
function patienceMs({ headers }: IncomingMessage): number {
  const ms = Number.parseFloat(String(headers['deadline-ms']))
  return Number.isNaN(ms) ? Infinity : ms
}

/** What a replica does when nothing is wrong with it: it takes its time, it may err, and it slows down under load. */
export class Work {
  readonly #options: WorkOptions
  readonly #random: Random
  /** Requests at work; those that a fault keeps waiting cost nothing. */
  #busy = 0

  constructor(options: WorkOptions, random: Random) {
    this.#options = options
    this.#random = random
  }

  /** Called as a request arrives: its clock starts and its lot is drawn. Calling what comes back does the work. */
  accept(request: IncomingMessage): (body: string, signal: AbortSignal) => Promise<Answer> {
    const { latency, errorRate, capacity, bookings, heartbeatMs } = this.#options
    const until = performance.now() + patienceMs(request)
    // Drawn for each request, needed or not: a fault in between must not change what later requests get.
    const lawMs = latencyAt(latency, this.#random())
    const errs = this.#random() < errorRate

    return async (body, signal) => {
      const leftMs = until - performance.now()
      if (leftMs <= 0) return tooLate()
      const tookMs = underLoad(lawMs, ++this.#busy, capacity)
      try {
        await sleep(Math.min(tookMs, leftMs), signal)
      } finally {
        this.#busy--
      }
      if (tookMs > leftMs) return tooLate()
      if (errs) return json(500, { error: 'the sorting machine has jammed' })
      return answerOf(() => route(request, body, bookings, heartbeatMs))
    }
  }
}

const tooLate = (): Answer => json(504, { error: 'the deadline has passed' })
