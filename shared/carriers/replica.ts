import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Random } from '../core/random.ts'
import { type Behaviour, behaviourOf } from './behaviours.ts'
import type { CompleteFault } from './faults.ts'
import { listen, readBody, send, stop } from './http.ts'
import { Work, type WorkOptions } from './work.ts'

export interface ReplicaStats {
  /** `http://127.0.0.1:port` */
  origin: string
  fault: CompleteFault | null
  /** completed + aborted + inFlight */
  started: number
  /** Answered to the end, or cut off where the fault says so. */
  completed: number
  /** The connection closed before the answer's end: the client gave up, or the replica was switched off. */
  aborted: number
  inFlight: number
}

export interface ReplicaOptions extends WorkOptions {
  host: string
  /** Called at the start and after each reset; the same purpose gives the same numbers. */
  randomFor: (purpose: 'work' | 'fault') => Random
}

/** One server of a carrier. */
export class Replica {
  #origin = ''
  readonly #options: ReplicaOptions
  // Longer than a client keeps an idle connection, else the two race and a healthy carrier resets a request.
  readonly #server = createServer({ keepAliveTimeout: 60_000 }, (...exchange) => this.#serve(...exchange))
  #work: Work
  #fault: CompleteFault | null = null
  #behaviour: Behaviour = {}
  #counts = { completed: 0, aborted: 0 }
  #inFlight = 0
  #closed = false
  /** The listener's changes happen one after the other, whoever asks for them at a time. */
  #lastChange: Promise<void> = Promise.resolve()

  constructor(options: ReplicaOptions) {
    this.#options = options
    this.#work = this.#freshWork()
  }

  /** Resolves once new requests meet the fault; rejects if somebody took the port while nobody listened on it. */
  setFault(fault: CompleteFault | null): Promise<void> {
    return this.#change(async () => {
      if (this.#closed) throw new Error('the fleet is closed')
      const behaviour = behaviourOf(fault, this.#options.randomFor('fault'))
      if (behaviour.refuses) await stop(this.#server)
      else if (!this.#server.listening) {
        const port = this.#origin === '' ? 0 : Number(new URL(this.#origin).port)
        this.#origin = await listen(this.#server, this.#options.host, port)
      }
      this.#fault = fault
      this.#behaviour = behaviour
    })
  }

  stats(): ReplicaStats {
    const { completed, aborted } = this.#counts
    const inFlight = this.#inFlight
    const started = completed + aborted + inFlight
    return { origin: this.#origin, fault: this.#fault, started, completed, aborted, inFlight }
  }

  async reset(): Promise<void> {
    await this.setFault(null)
    this.#work = this.#freshWork()
    this.#counts = { completed: 0, aborted: 0 }
  }

  close(): Promise<void> {
    return this.#change(() => {
      this.#closed = true
      return stop(this.#server)
    })
  }

  #freshWork(): Work {
    return new Work(this.#options, this.#options.randomFor('work'))
  }

  #change(change: () => Promise<void>): Promise<void> {
    const done = this.#lastChange.then(change)
    this.#lastChange = done.catch(() => {})
    return done
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    let sent = false
    this.#inFlight++
    response.once('close', () => {
      this.#inFlight--
      this.#counts[sent ? 'completed' : 'aborted']++
      // Only then: the reason that it makes is an error, with a stack, and there are thousands of answers a second.
      if (!sent) gone.abort()
    })
    const work = this.#work.accept(request)
    const { before, send: sendAnswer = send } = this.#behaviour
    try {
      const body = await readBody(request)
      const answer = (await before?.(gone.signal)) ?? (await work(body, gone.signal))
      await sendAnswer(response, answer, gone.signal)
      sent = true
    } catch (error) {
      // To somebody who has gone nothing can be said; anything else is a bug, and may be loud.
      if (!request.socket.destroyed) throw error
    }
  }
}
