import { Arrivals } from '../stage/arrivals.ts'
import type { Cards } from './cards.ts'
import type { Command } from './control.ts'
import { sleep } from '../core/sleep.ts'
import { LoopDelay, SATURATED_MS } from '../stage/loop-delay.ts'
import { DEFAULT_PER_SECOND, type FaultAt, scenarios } from '../stage/scenarios.ts'
import type { Side } from '../stage/side.ts'
import type { LabState } from './state.ts'

const TICK_MS = 1000

export interface LabOptions {
  yours: Side
  reference: Side
  cards: Pick<Cards, 'state'>
  perSecond?: number
  seed: number
}

/** Both sides, the traffic that they get, and what there is to tell about them once a second. */
export class Lab {
  readonly yours: Side
  readonly reference: Side
  readonly #cards: Pick<Cards, 'state'>
  readonly #arrivals: Arrivals
  readonly #delay = new LoopDelay()
  readonly #startedAt = performance.now()
  readonly #listeners = new Set<(state: LabState) => void>()
  readonly #ended = new AbortController()
  #scenario: string | undefined
  #latest: LabState | undefined

  constructor({ yours, reference, cards, perSecond = DEFAULT_PER_SECOND, seed }: LabOptions) {
    this.yours = yours
    this.reference = reference
    this.#cards = cards
    this.#arrivals = new Arrivals({ perSecond, paused: false, seed }, (path, dueAt) => {
      for (const side of this.sides) side.customers.arrive(path, dueAt)
    })
  }

  get sides(): [Side, Side] {
    return [this.yours, this.reference]
  }

  /** Brings both Parcels up, whatever becomes of them, and begins with the traffic. */
  async start(): Promise<void> {
    void this.#tick()
    await this.#both((side) => side.replace())
    if (!this.#ended.signal.aborted) this.#arrivals.go()
  }

  /** Calls back at once if there is a state, and with every further one; the function returned stops that. */
  subscribe(listener: (state: LabState) => void): () => void {
    this.#listeners.add(listener)
    if (this.#latest) listener(this.#latest)
    return () => void this.#listeners.delete(listener)
  }

  /** Resolves when it is in force; a restart goes on after that. */
  async control(command: Command): Promise<void> {
    this.#scenario = undefined
    if ('perSecond' in command) this.#arrivals.go({ perSecond: command.perSecond })
    else if ('paused' in command) this.#arrivals.go({ paused: command.paused })
    else if ('seed' in command) await this.#reseed(command.seed)
    else if ('fault' in command) await this.setFault(command.fault)
    else if ('restart' in command) this.#restart()
    else {
      await this.#both((side) => side.mend())
      this.#arrivals.go({ perSecond: DEFAULT_PER_SECOND, paused: false })
      if ('scenario' in command) await this.#play(command.scenario)
    }
  }

  setFault({ carrier, fault, replica }: FaultAt): Promise<unknown> {
    return this.#both((side) => side.setFault(carrier, fault, replica))
  }

  async close(): Promise<void> {
    this.#ended.abort()
    this.#arrivals.stop()
    this.#delay.stop()
    await this.#both((side) => side.close())
  }

  async #play(id: string): Promise<void> {
    const { perSecond, faults = [], restart } = scenarios.find((scenario) => scenario.id === id)!
    this.#arrivals.go({ perSecond })
    await Promise.all(faults.map((fault) => this.setFault(fault)))
    if (restart) this.#restart()
    this.#scenario = id
  }

  async #reseed(seed: number): Promise<void> {
    await this.#both((side) => side.carriers.reseed(seed))
    this.#arrivals.go({ seed })
  }

  #restart(): void {
    void this.#both((side) => side.restart())
  }

  #both(work: (side: Side) => Promise<void>): Promise<unknown> {
    return Promise.all(this.sides.map(work))
  }

  async #tick(): Promise<void> {
    for (let at = performance.now(); !this.#ended.signal.aborted;) {
      const state = await this.#state()
      this.#latest = state
      for (const listener of this.#listeners) listener(state)
      // By the clock and not by what the reading took; seconds that were slept through are gone.
      at = Math.max(at + TICK_MS, performance.now())
      await sleep(Math.max(0, at - performance.now()), this.#ended.signal).catch(() => {})
    }
  }

  async #state(): Promise<LabState> {
    const [yours, reference] = await Promise.all([this.yours.state(), this.reference.state()])
    const delayP99Ms = this.#delay.p99Ms
    return {
      atMs: performance.now() - this.#startedAt,
      traffic: { ...this.#arrivals.pace, delayP99Ms, saturated: delayP99Ms > SATURATED_MS },
      columns: { yours, reference },
      chapters: this.#cards.state(),
      ...(this.#scenario !== undefined && { scenario: this.#scenario }),
    }
  }
}
