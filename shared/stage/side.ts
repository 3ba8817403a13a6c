import { join } from 'node:path'
import { CARRIER_NAMES, type CarrierName, type Fault } from '../carriers/fleet.ts'
import type { CarrierStats } from '../carriers/admin.ts'
import { type Balancer, startBalancer } from './balancer.ts'
import { type Carriers, startCarriers } from './carriers.ts'
import { Customers } from './customers.ts'
import { Greedy, type GreedyCounts } from './greedy.ts'
import { keyOfGreedy, keyOfShop, ORDERED_FROM, TEMPORARY_OUTBOX, type Traffic } from './incidents/incidents.ts'
import type { Counts } from './ledger.ts'
import { Meter } from './meter.ts'
import { Orders } from './orders.ts'
import { Sheet } from './sheet.ts'
import { type Instance, type ParcelOptions, PROBE_MS, type Setup, startParcel } from './parcel.ts'
import type { ColumnState } from './column.ts'
import { Supervisor } from './supervisor.ts'
import { bytesIn, type TemporaryFolder, temporaryFolder } from './temporary.ts'
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
  readonly orders: Orders
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
  #kills = 0
  #bookedBefore = 0
  /** Outlives a Parcel that is killed or restarted, and not one that is replaced by other code, or for another incident. */
  #outbox: TemporaryFolder | undefined
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
    this.orders = new Orders(balancer.origin)
    this.#greedyBefore = this.greedy.counts
    this.#before = this.customers.ledger.counts
    const onError = (lines: string[]) => (this.latestError = lines.slice(0, 2).join(' '))
    const start = () => world.startParcel({ setup: this.#setupNow(), carriers: carriers.value, onError })
    this.#supervisor = new Supervisor(start, balancer)
  }

  /** Starts Parcel, or replaces it by one on the code as it is now, and on that setup. */
  async replace(setup = this.setup): Promise<void> {
    this.setup = setup
    const old = this.#outbox
    this.#outbox = setup.env?.OUTBOX_DIR === TEMPORARY_OUTBOX ? temporaryFolder() : undefined
    await this.#supervisor.replace(() => this.beginAnew())
    old?.remove()
  }

  /** Figures are about what comes from now on. */
  beginAnew(): void {
    this.customers.ledger.forget()
    // All who come are told of; what became of those before is not.
    this.#before = { ...this.customers.ledger.counts, sent: this.#before.sent }
    this.#restart = undefined
    this.orders.forget()
    this.#kills = 0
    this.#bookedBefore = this.#booked
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

  /**
   * In the middle of a heap of orders, Parcel is killed, and started again. By chance, every second kill hits a file while it is rewritten
   * (`npm run demo 12`); a stage has no time for chance, so what is on disk is looked at, and when it gets less, that is the moment.
   */
  async kill(): Promise<void> {
    const folder = this.#outbox && join(this.#outbox.path, ORDERED_FROM)
    let most = 0
    const getsLess = () => {
      const bytes = folder ? bytesIn(folder) : 0
      most = Math.max(most, bytes)
      return bytes < most
    }
    if ((await this.orders.heap(getsLess)) && (await this.#supervisor.kill())) this.#kills++
  }

  /** How many orders were promised, and never booked. @throws when the carrier does not say */
  lostOrders(): Promise<number> {
    const [, replica] = new RegExp(`${ORDERED_FROM}=([^|,]+)`).exec(this.carriers.value)!
    return this.orders.lost(replica!)
  }

  /** One of an incident's customers. @param number of the arrival */
  arrive(path: string, dueAt: number, { shops, bookings, insists }: Traffic, number: number): void {
    const carrier = CARRIER_NAMES[number % CARRIER_NAMES.length]!
    if (bookings) return this.customers.book(path, dueAt, carrier, `order-${number}`)
    this.customers.arrive(path, dueAt, { key: shops ? keyOfShop(number % shops) : undefined, insists })
  }

  /** The greedy customer of an incident, if it has one, asks from now on; so does whoever prints a price list, uploads, or orders. */
  letLoose({ greedyPerSecond, sheet, scans, orders }: Traffic): void {
    if (greedyPerSecond) this.greedy.go(greedyPerSecond, keyOfGreedy)
    if (sheet) this.sheet.go(sheet)
    if (scans) this.upload.go(scans)
    if (orders) this.orders.go(orders)
  }

  callOff(): void {
    this.greedy.stop()
    this.sheet.stop()
    this.upload.stop()
    this.orders.stop()
  }

  async setFault(carrier: CarrierName, fault: Fault | null, replica?: number): Promise<void> {
    await this.carriers.setFault(carrier, fault, replica)
  }

  async mend(): Promise<void> {
    this.callOff()
    await this.heal()
  }

  /** All carriers are well again. */
  async heal(): Promise<void> {
    await Promise.all(CARRIER_NAMES.map((name) => this.carriers.setFault(name, null)))
  }

  /** To be asked for once a second, as it tells what has happened since. */
  async state(): Promise<ColumnState> {
    // What is promised, owed and booked, in this order: of what moves on meanwhile, nothing seems to be lost.
    const [kills, promised] = [this.#kills, this.orders.promised]
    const reading = await this.#meter.read(this.#supervisor.origins)
    const { owed } = reading
    // On a machine that is too slow for that, the faults are still those of the second before.
    const fleet = await this.carriers.stats().catch(() => this.#fleet)
    this.#fleet = fleet
    const booked = this.#booked - this.#bookedBefore
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
      ...(promised > 0 && owed !== undefined && { orders: { kills, promised, booked, owed } }),
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
    const background = [this.greedy, this.sheet, this.upload, this.orders]
    await Promise.all([this.customers, ...background].map((each) => each.leave()))
    await Promise.all([this.#supervisor.close(), this.carriers.close(), this.balancer.close(), this.#meter.close()])
    this.#outbox?.remove()
  }

  get #booked(): number {
    return this.#fleet.find(({ name }) => name === ORDERED_FROM)?.bookings ?? 0
  }

  #setupNow(): Setup {
    const { solved, env } = this.setup
    return { solved, env: { ...env, ...(this.#outbox && { OUTBOX_DIR: this.#outbox.path }) } }
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
