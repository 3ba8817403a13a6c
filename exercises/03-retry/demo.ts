// npm run demo 03: a hundred clients, one carrier that has just come back, and what each retry makes of it.
// The retry and the backoff are yours; the carrier is simulated, and so is the time: the same picture each time.
import { type Backoff, fullJitter } from '#chapters/03-retry/backoff.ts'
import { retry } from '#chapters/03-retry/retry.ts'
import { TimeoutError } from '../../shared/core/errors.ts'
import { seededRandom } from '../../shared/core/random.ts'

const CLIENTS = 100
const TIMEOUT_MS = 200
const TICK_MS = 5
const COLUMN_MS = 125
// Eight seconds of eight columns each: with the axis they fit into a terminal of 80.
const COLUMNS = 64
const ROWS = 8

let nowMs = 0
const timers = new Map<unknown, { at: number; run: () => void }>()

/** From here on, time is what `tick` makes it. */
function holdTheClock(): void {
  performance.now = () => nowMs
  globalThis.setTimeout = ((run: () => void, ms = 0) => {
    const timer = {}
    timers.set(timer, { at: nowMs + ms, run })
    return timer
  }) as typeof setTimeout
  globalThis.clearTimeout = (timer) => void timers.delete(timer)
}

async function tick(): Promise<void> {
  nowMs += TICK_MS
  for (const [timer, { at, run }] of [...timers].toSorted(([, a], [, b]) => a.at - b.at)) {
    if (at <= nowMs && timers.delete(timer)) run()
  }
  await new Promise((resolve) => setImmediate(resolve))
}

/** Works on eight calls at a time, in 20 ms. With more of them it gets in its own way, and does less the more there are. */
class Carrier {
  readonly callsPerColumn = Array.from({ length: COLUMNS }, () => 0)
  #inFlight: { deadline: number; leftMs: number; resolve: () => void; reject: (error: Error) => void }[] = []

  call(): Promise<void> {
    this.callsPerColumn[Math.min(COLUMNS - 1, Math.floor(nowMs / COLUMN_MS))]!++
    return new Promise((resolve, reject) => {
      this.#inFlight.push({ deadline: nowMs + TIMEOUT_MS, leftMs: 20, resolve, reject })
    })
  }

  work(): void {
    const speed = Math.min(1, (8 / this.#inFlight.length) ** 2)
    this.#inFlight = this.#inFlight.filter((call) => {
      call.leftMs -= TICK_MS * speed
      if (call.leftMs <= 0) call.resolve()
      else if (nowMs >= call.deadline) call.reject(new TimeoutError('The carrier did not answer in time'))
      else return true
      return false
    })
  }
}

async function run(title: string, backoff: Backoff): Promise<void> {
  nowMs = 0
  const carrier = new Carrier()
  const random = seededRandom(3)
  const outcomes = { served: 0, gaveUp: 0 }
  for (let client = 0; client < CLIENTS; client++) {
    retry(() => carrier.call(), { maxAttempts: 7, backoff, random }).then(
      () => outcomes.served++,
      () => outcomes.gaveUp++,
    )
  }
  while (outcomes.served + outcomes.gaveUp < CLIENTS) {
    await tick()
    carrier.work()
  }

  const calls = carrier.callsPerColumn.reduce((sum, count) => sum + count)
  console.log(`\n${title}: ${calls} calls, ${outcomes.served} of ${CLIENTS} clients served, after ${nowMs / 1000} s\n`)
  draw(carrier.callsPerColumn)
}

/** Columns of eighths, from the top row down. */
function draw(counts: number[]): void {
  const eighths = counts.map((count) => Math.round((count / CLIENTS) * ROWS * 8))
  for (let row = ROWS - 1; row >= 0; row--) {
    const cells = eighths.map((height) => ' ▁▂▃▄▅▆▇█'[Math.max(0, Math.min(8, height - row * 8))])
    console.log(`${row === ROWS - 1 ? String(CLIENTS).padStart(4) : '    '} ┤${cells.join('').trimEnd()}`)
  }
  console.log(`   0 ┼${'───────┬'.repeat(COLUMNS / 8)}`)
  console.log(`      ${Array.from({ length: COLUMNS / 8 }, (_, i) => `${i + 1} s`.padStart(8)).join('')}`)
}

holdTheClock()
console.log('Calls per 125 ms. A hundred clients are told at once that the carrier is back.')
await run('Without jitter', function* () {
  for (let ms = 100; ; ms *= 2) yield ms
})
await run('With jitter', fullJitter({ baseMs: 100, capMs: 3_200 }))
