import { CARRIER_NAMES, type CarrierName, type Fault } from '../carriers/fleet.ts'
import type { CarrierStats } from '../carriers/admin.ts'
import { type Balancer, startBalancer } from './balancer.ts'
import { type Carriers, startCarriers } from './carriers.ts'
import { Customers } from './customers.ts'
import { Greedy, type GreedyCounts } from './greedy.ts'
import { keyOfGreedy, keyOfShop, type Traffic } from './incidents/incidents.ts'
import type { Counts } from './ledger.ts'
import { Meter } from './meter.ts'
import { Sheet } from './sheet.ts'
import { type Instance, type ParcelOptions, PROBE_MS, type Setup, startParcel } from './parcel.ts'
import type { ColumnState } from './column.ts'
import { Supervisor } from './supervisor.ts'
import { Upload } from './upload.ts'

/** What the customers had counted. */
interface Restart {
  /** Those who had asked before, and can fail, too. */
  waiting: number
  startedAt: Counts
  endedAt?: Counts
}

/** Where a side's Parcel and its carriers live: in processes of their own, or in this one (in-process.ts). */
export interface World {
  startCarriers(seed: number, onDeath?: (error: Error) => void): Promise<Carriers>
  startParcel(options: ParcelOptions): Instance
}

export interface SideOptions {
  setup: Setup
  seed: number
  /** Of the balancer; 0 is any free one. */
  port: number
  /** Is told when the carriers end by themselves. Default: that ends this process, too. */
  onDeath?: (error: Error) => void
  /** Default: processes. */
  world?: World
}

const UNKNOWN = { breakers: [], attempts: 0, retries: 0, hedges: 0, inFlight: 0 }

/** A Parcel behind its balancer, with carriers and customers of its own. */
export class Side {
  readonly customers: Customers
  readonly greedy: Greedy
  readonly sheet: Sheet
  readonly upload: Upload
  readonly carriers: Carriers
  /** For the next Parcel that starts. */
  setup: Setup
  readonly balancer: Balancer
  /** What Parcel has logged last as an error. */
  latestError = ''
  readonly #supervisor: Supervisor
  readonly #meter = new Meter()
  #before: Counts
  #greedyBefore: GreedyCounts
  #printedBefore = 0
  #writtenBefore = 0
  #fleet: CarrierStats[] = []
  #restart: Restart | undefined
  #freshSince = performance.now()

  static async start({ setup, seed, port, onDeath, world = { startCarriers, startParcel } }: SideOptions) {
    const carriers = await world.startCarriers(seed, onDeath)
    return new Side(setup, await startBalancer(PROBE_MS, port), carriers, world)
  }

  private constructor(setup: Setup, balancer: Balancer, carriers: Carriers, world: World) {
    this.setup = setup
    this.balancer = balancer
    this.carriers = carriers
    this.customers = new Customers(balancer.origin)
    this.greedy = new Greedy(balancer.origin)
    this.sheet = new Sheet(balancer.origin)
    this.upload = new Upload(balancer.origin)
    this.#greedyBefore = this.greedy.counts
    this.#before = this.customers.ledger.counts
    const onError = (lines: string[]) => (this.latestError = lines.slice(0, 2).join(' '))
    const start = () => world.startParcel({ setup: this.setup, carriers: carriers.value, onError })
    this.#supervisor = new Supervisor(start, balancer)
  }

  /** Starts Parcel, or replaces it by one on the code as it is now, and on that setup. */
  async replace(setup = this.setup): Promise<void> {
    this.setup = setup
    await this.#supervisor.replace(() => this.beginAnew())
  }

  /** Figures are about what comes from now on. */
  beginAnew(): void {
    this.customers.ledger.forget()
    // All who come are told of; what became of those before is not.
    this.#before = { ...this.customers.ledger.counts, sent: this.#before.sent }
    this.#restart = undefined
    this.#freshSince = performance.now()
  }

  /** Replaces Parcel under the eyes of the customers: what fails until it is over is counted, if it comes to an end. */
  async restart(): Promise<void> {
    const { counts, waiting } = this.customers.ledger
    const restart: Restart = { waiting, startedAt: counts }
    this.#restart = restart
    if (await this.#supervisor.replace()) restart.endedAt = this.customers.ledger.counts
    // What has crashed is told as that, and what a save has overtaken is no restart of one code by the same.
    else if (this.#restart === restart) this.#restart = undefined
  }

  /** One of an incident's customers. @param number of the arrival */
  arrive(path: string, dueAt: number, { shops, bookings, insists }: Traffic, number: number): void {
    const carrier = CARRIER_NAMES[number % CARRIER_NAMES.length]!
    if (bookings) return this.customers.book(path, dueAt, carrier, `order-${number}`)
    this.customers.arrive(path, dueAt, { key: shops ? keyOfShop(number % shops) : undefined, insists })
  }

  /** The greedy customer of an incident, if it has one, asks from now on; so does whoever prints a price list, or uploads. */
  letLoose({ greedyPerSecond, sheet, scans }: Traffic): void {
    if (greedyPerSecond) this.greedy.go(greedyPerSecond, keyOfGreedy)
    if (sheet) this.sheet.go(sheet)
    if (scans) this.upload.go(scans)
  }

  callOff(): void {
    this.greedy.stop()
    this.sheet.stop()
    this.upload.stop()
  }

  async setFault(carrier: CarrierName, fault: Fault | null, replica?: number): Promise<void> {
    await this.carriers.setFault(carrier, fault, replica)
  }

  async mend(): Promise<void> {
    this.callOff()
    await Promise.all(CARRIER_NAMES.map((name) => this.carriers.setFault(name, null)))
  }

  /** To be asked for once a second, as it tells what has happened since. */
  async state(): Promise<ColumnState> {
    const [reading, fleet] = await Promise.all([
      this.#meter.read(this.#supervisor.origins),
      // On a machine that is too slow for that, the faults are still those of the second before.
      this.carriers.stats().catch(() => this.#fleet),
    ])
    this.#fleet = fleet
    const greedy = this.greedy.counts
    const { asked, served } = this.#greedyBefore
    this.#greedyBefore = greedy
    const printed = this.sheet.served - this.#printedBefore
    this.#printedBefore = this.sheet.served
    const written = this.upload.counts.written - this.#writtenBefore
    this.#writtenBefore = this.upload.counts.written
    const { counts, waiting, latency, failures, missing } = this.customers.ledger.snapshot()
    const arrivals = difference(counts, this.#before)
    this.#before = counts
    return {
      parcel: this.#supervisor.state(reading.memoryMb),
      freshMs: performance.now() - this.#freshSince,
      arrivals,
      latency,
      failures,
      waiting,
      ...(greedy.asked > asked && { greedy: { asked: greedy.asked - asked, served: greedy.served - served } }),
      ...(printed > 0 && { printed }),
      ...(written > 0 && { written }),
      carriers: fleet.map(({ name, replicas }) => ({
        name,
        fault: replicas.find(({ fault }) => fault)?.fault?.kind ?? null,
        ...(reading.carriers[name] ?? UNKNOWN),
        missing: missing[name] ?? {},
      })),
      restart: this.#restart && restartState(this.#restart, counts),
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.customers.leave(), this.greedy.leave(), this.sheet.leave(), this.upload.leave()])
    await Promise.all([this.#supervisor.close(), this.carriers.close(), this.balancer.close(), this.#meter.close()])
  }
}

function restartState({ waiting, startedAt, endedAt }: Restart, now: Counts) {
  const { sent, failed } = difference(endedAt ?? now, startedAt)
  return { running: endedAt === undefined, requests: waiting + sent, failed }
}

const difference = (now: Counts, before: Counts): Counts => ({
  sent: now.sent - before.sent,
  ok: now.ok - before.ok,
  partial: now.partial - before.partial,
  failed: now.failed - before.failed,
})
