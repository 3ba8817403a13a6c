import { Arrivals } from '../stage/arrivals.ts'
import type { Cards } from './cards.ts'
import type { Side as SideName } from '../stage/column.ts'
import type { Command } from './control.ts'
import { sleep } from '../core/sleep.ts'
import { LoopDelay } from '../stage/loop-delay.ts'
import {
  DEFAULT_PER_SECOND,
  type FaultAt,
  type Incident,
  incidentOf,
  type Traffic,
} from '../stage/incidents/incidents.ts'
import { Saturation } from './saturation.ts'
import { seenOf } from '../stage/incidents/seen.ts'
import { selfState } from './self.ts'
import type { Side } from '../stage/side.ts'
import { ALL, allBut, NONE } from '../stage/solved.ts'
import { spotlightOn } from './spotlight.ts'
import type { LabState } from './state.ts'

const TICK_MS = 1000
/** As far as the page's charts go back. */
const KEPT_MS = 90_000
const BEGUN_MS = 2000

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
  readonly #saturation = new Saturation()
  readonly #startedAt = performance.now()
  readonly #listeners = new Set<(state: LabState) => void>()
  readonly #ended = new AbortController()
  /** What is played, or has been: it is on once both sides are up, and until then the next one may take its place. */
  #playing: { incident?: Incident; alone?: string; isOn: boolean } = { isOn: false }
  /**
   * Whatever is being done to the carriers, one after the other: a seed, which reads their faults and sets them again,
   * would bring back what somebody mends meanwhile.
   */
  #faults: Promise<unknown> = Promise.resolve()
  /** A carrier has had a fault since both Parcels began, so calls may still hang in them. */
  #isMarred = false
  /** Of the incident that was begun last, also when a carrier has got another fault meanwhile. */
  #traffic: Traffic = { perSecond: DEFAULT_PER_SECOND }
  #history: LabState[] = []

  constructor({ yours, reference, cards, perSecond = DEFAULT_PER_SECOND, seed }: LabOptions) {
    this.yours = yours
    this.reference = reference
    this.#cards = cards
    this.#arrivals = new Arrivals({ perSecond, paused: false, seed }, (path, dueAt, number) => {
      for (const side of this.sides) side.arrive(path, dueAt, this.#traffic, number)
    })
  }

  get sides(): [Side, Side] {
    return [this.yours, this.reference]
  }

  /** The states of the last while. */
  get history(): readonly LabState[] {
    return this.#history
  }

  /** Brings both Parcels up, whatever becomes of them, and begins with the traffic; or with an incident. */
  async start(incident?: Incident): Promise<void> {
    void this.#tick()
    if (incident) return this.#play(incident, incident.chapter)
    await this.#both((side) => side.replace())
    if (!this.#ended.signal.aborted) this.#arrivals.go()
  }

  /** Calls back with every further state; the function returned stops that. */
  subscribe(listener: (state: LabState) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Resolves when it is in force; a restart goes on after that. */
  async control(command: Command): Promise<void> {
    const { incident } = this.#playing
    if ('perSecond' in command) this.#arrivals.go({ perSecond: command.perSecond })
    else if ('paused' in command) this.#arrivals.go({ paused: command.paused })
    else if ('seed' in command) await this.#reseed(command.seed)
    else if ('fault' in command) {
      this.#playing = { ...this.#playing, incident: undefined }
      await this.setFault(command.fault)
    } else if ('restart' in command) this.#restart()
    else if ('incident' in command) await this.#play(incidentOf(command.incident), incidentOf(command.incident).chapter)
    else if ('allMine' in command) await this.#play(incident, command.allMine ? undefined : incident?.chapter)
    else await this.#play()
  }

  setFault({ carrier, fault, replica }: FaultAt): Promise<unknown> {
    if (fault) this.#isMarred = true
    return this.#inTurn((side) => side.setFault(carrier, fault, replica))
  }

  /** The attendee's code has changed: of that chapter, or of what all stand on. */
  async saved(chapter?: string): Promise<void> {
    if (chapter === undefined || !this.yours.setup.solved.includes(chapter)) await this.yours.replace()
  }

  async close(): Promise<void> {
    this.#ended.abort()
    this.#arrivals.stop()
    this.#delay.stop()
    await this.#both((side) => side.close())
  }

  /**
   * Plays an incident, or a healthy day: on fresh Parcels and with clean figures. Whatever is played next ends it.
   *
   * @param alone the chapter that is on trial; without one, all of them are
   */
  async #play(incident?: Incident, alone?: string): Promise<void> {
    const playing = { incident, alone, isOn: false }
    this.#playing = playing
    await this.#inTurn((side) => side.mend())
    this.#traffic = incident?.traffic ?? { perSecond: DEFAULT_PER_SECOND }
    const { perSecond, popular = 0, crowd = 0 } = this.#traffic
    this.#arrivals.go({ perSecond, popular, crowd, paused: false })
    const solved = [alone === undefined ? NONE : allBut(alone), ALL]
    const setups = solved.map((solved) => ({ solved, env: incident?.env }))
    const isAsItWas = this.sides.every(({ setup }, i) => JSON.stringify(setup) === JSON.stringify(setups[i]))
    if (incident || this.#isMarred || !isAsItWas)
      await Promise.all(this.sides.map((side, i) => side.replace(setups[i])))
    // Whoever is to give old prices needs some.
    if (incident?.traffic.popular) await this.#settle()
    if (this.#playing !== playing || this.#ended.signal.aborted) return
    this.#isMarred = false
    for (const side of this.sides) side.beginAnew()
    await Promise.all((incident?.faults ?? []).map((fault) => this.setFault(fault)))
    if (incident) for (const side of this.sides) side.letLoose(incident.traffic)
    playing.isOn = true
    const { restart, kills, traffic: { rush = 0 } = {} } = incident ?? {}
    if (!restart && !kills && rush === 0) return
    // Those to be replaced, killed, or run over, have only just begun themselves.
    await this.#settle()
    if (this.#playing !== playing) return
    if (restart) this.#restart()
    if (kills) void this.#kill(kills, () => this.#playing === playing)
    if (rush > 0) this.#arrivals.rush(rush)
  }

  /** Again and again; and then all carriers are well, for whoever still knows what to tell them. */
  async #kill(kills: number, isPlaying: () => boolean): Promise<void> {
    for (let i = 0; i < kills && isPlaying(); i++) {
      await this.#both((side) => side.kill())
      await this.#settle()
    }
    if (isPlaying()) await this.#inTurn((side) => side.heal())
  }

  async #settle(): Promise<void> {
    await sleep(BEGUN_MS, this.#ended.signal).catch(() => {})
  }

  async #reseed(seed: number): Promise<void> {
    await this.#inTurn((side) => side.carriers.reseed(seed))
    this.#arrivals.go({ seed })
  }

  #restart(): void {
    void this.#both((side) => side.restart())
  }

  #inTurn(work: (side: Side) => Promise<void>): Promise<unknown> {
    return (this.#faults = this.#faults.catch(() => {}).then(() => this.#both(work)))
  }

  #both(work: (side: Side) => Promise<void>): Promise<unknown> {
    return Promise.all(this.sides.map(work))
  }

  async #tick(): Promise<void> {
    for (let at = performance.now(); !this.#ended.signal.aborted;) {
      const state = await this.#state()
      this.#history = [...this.#history.filter(({ atMs }) => atMs >= state.atMs - KEPT_MS), state]
      for (const listener of this.#listeners) listener(state)
      // By the clock and not by what the reading took; seconds that were slept through are gone.
      at = Math.max(at + TICK_MS, performance.now())
      await sleep(Math.max(0, at - performance.now()), this.#ended.signal).catch(() => {})
    }
  }

  async #state(): Promise<LabState> {
    // What begins while both sides are asked is not in their figures yet.
    const { incident, alone, isOn } = this.#playing
    const [yours, reference] = await Promise.all([this.yours.state(), this.reference.state()])
    const delayP99Ms = this.#delay.p99Ms
    const atMs = performance.now() - this.#startedAt
    const columns = { yours, reference }
    const seen = (side: SideName) =>
      seenOf([...this.#history, { atMs, columns }].map(({ atMs, columns }) => ({ atMs, column: columns[side] })))
    return {
      atMs,
      traffic: { ...this.#arrivals.pace, delayP99Ms, saturated: this.#saturation.update(delayP99Ms, atMs) },
      columns,
      chapters: this.#cards.state(),
      ...(alone !== undefined && { alone }),
      ...(incident && { spotlight: spotlightOn(incident, isOn, seen('yours'), seen('reference')) }),
      self: selfState(),
    }
  }
}
