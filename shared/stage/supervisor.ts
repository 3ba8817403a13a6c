import type { Balancer } from './balancer.ts'
import type { Instance } from './parcel.ts'
import type { ParcelState } from './column.ts'

/** Until it listens, on a machine that has other things to do; whoever loops for ever while it loads never does. */
const START_MS = 60_000
/** More than Parcel's own limit for its shutdown. */
const STOP_MS = 12_000

/** Keeps one Parcel behind a balancer, and replaces it when told. */
export class Supervisor {
  readonly #start: () => Instance
  readonly #balancer: Pick<Balancer, 'add' | 'probed' | 'rest' | 'remove'>
  /** By origin, in the order of their start: two during a replacement. */
  readonly #running = new Map<string, Instance>()
  /** Those that have not been seen to end. */
  readonly #alive = new Set<Instance>()
  #status: 'starting' | 'ready' | 'restarting' | 'crashed' = 'starting'
  #error: string[] = []
  #latest = 0

  constructor(start: () => Instance, balancer: Pick<Balancer, 'add' | 'probed' | 'rest' | 'remove'>) {
    this.#start = start
    this.#balancer = balancer
  }

  get origins(): string[] {
    return [...this.#running.keys()]
  }

  state(memoryMb: number): ParcelState {
    if (this.#status === 'crashed') return { status: 'crashed', error: this.#error }
    return { status: this.#status, instances: this.#running.size, memoryMb }
  }

  /**
   * A rolling restart: starts a new one, and once that is ready, ends the old one by SIGTERM. When the new one does not
   * come up, the old one goes too: figures are about the code as it is now. The latest call wins.
   *
   * @param onHandover when given, nobody looks back: as soon as the new one is ready, all further requests go there, this is
   *   called, and the old one ends at once, with all that still waits for it
   * @returns whether what it started serves now: not when that has crashed, nor when a later call took its place
   */
  async replace(onHandover?: () => void): Promise<boolean> {
    const mine = ++this.#latest
    const old = [...this.#running]
    // Those that have not come up yet are of no use any more.
    for (const instance of this.#alive) if (!old.some(([, it]) => it === instance)) void instance.child.drop()
    this.#status = old.length > 0 ? 'restarting' : 'starting'

    const instance = this.#start()
    this.#alive.add(instance)
    const ended = instance.child.exited.then((lines) => {
      this.#alive.delete(instance)
      return lines
    })
    const origin = await within(START_MS, instance.origin).catch(() => undefined)
    if (mine !== this.#latest) return instance.child.drop().then(() => false)
    if (origin === undefined) {
      const late = [`It was not ready after ${START_MS / 1000} s: does something loop for ever while it loads?`]
      const lines = instance.child.hasExited() ? await ended : late
      await instance.child.drop()
      if (mine === this.#latest) this.#crash(lines, old)
      return false
    }

    this.#running.set(origin, instance)
    void ended.then((lines) => this.#onExit(origin, lines))
    await this.#balancer.add(origin)
    if (onHandover && mine === this.#latest) {
      for (const [origin] of old) this.#balancer.rest(origin)
      onHandover()
      await Promise.all(old.map((each) => this.#end(each, 0)))
    } else {
      // Right after a probe, when it is longest to the next: two that are restarted differ by their code, not by luck.
      await Promise.all(old.map(async ([origin]) => this.#balancer.probed(origin)))
      await Promise.all(old.map((each) => this.#end(each)))
    }
    if (mine !== this.#latest) return false
    const serves = this.#running.has(origin)
    if (serves) this.#status = 'ready'
    // It may have died while the old one was still there.
    else this.#crash(await ended, [])
    return serves
  }

  /**
   * Ends it by SIGKILL, as a machine without memory does, and then starts the next one, as an orchestrator does. What is being
   * replaced, or has crashed, is left alone; and the latest call wins here, too.
   *
   * @returns whether it was killed, and what was started serves now
   */
  async kill(): Promise<boolean> {
    if (this.#status !== 'ready') return false
    const mine = ++this.#latest
    this.#status = 'restarting'
    const killed = [...this.#running]
    this.#running.clear()
    await Promise.all(killed.map(([, { child }]) => child.kill()))
    for (const [origin] of killed) void this.#balancer.remove(origin)
    return mine === this.#latest && this.replace()
  }

  /** Ends all, at once. */
  async close(): Promise<void> {
    this.#latest++
    await Promise.all([...this.#alive].map(({ child }) => child.drop()))
  }

  async #end([origin, { child }]: [string, Instance], limitMs = STOP_MS): Promise<void> {
    // Only once: a second signal would force it.
    if (!this.#running.delete(origin)) return
    await (limitMs > 0 ? child.stop(limitMs) : child.drop())
    await this.#balancer.remove(origin)
  }

  /** One that was not told to end has crashed, unless another is there. */
  #onExit(origin: string, lines: string[]): void {
    if (!this.#running.delete(origin)) return
    void this.#balancer.remove(origin)
    if (this.#running.size === 0) this.#crash(lines, [])
  }

  #crash(lines: string[], old: [string, Instance][]): void {
    this.#status = 'crashed'
    this.#error = lines
    for (const each of old) void this.#end(each)
  }
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('late')), limitMs)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
