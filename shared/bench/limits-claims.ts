import { TokenBucket } from '#chapters/07-rate-limiting/bucket.ts'
import { SlidingWindow } from '#chapters/07-rate-limiting/window.ts'
import { type Random, seededRandom } from '../core/random.ts'
import { inVirtualTime } from '../stage/virtual-time.ts'
import { sleep } from '../core/sleep.ts'
import type { Claim } from './report.ts'

interface Row {
  /** Of the figure. */
  name: string
  what: string
  says: string
  found: string
  value: number
}

const MINUTE_MS = 60_000

/** Exact, and as dear as it is exact: the time of each that was let in. */
class Log {
  readonly #limit: number
  readonly #windowMs: number
  #at: number[] = []

  constructor(limit: number, windowMs: number) {
    this.#limit = limit
    this.#windowMs = windowMs
  }

  allow(): boolean {
    const now = performance.now()
    const first = this.#at.findIndex((at) => at > now - this.#windowMs)
    this.#at = first < 0 ? [] : this.#at.slice(first)
    if (this.#at.length >= this.#limit) return false
    this.#at.push(now)
    return true
  }
}

/** The most that passes within a minute, of somebody who does his best. */
async function most(make: () => () => boolean): Promise<number> {
  let best = 0
  // All at once just before an edge, and whatever passes in the minute that begins there.
  for (const restMs of [0, 30_000, 59_900]) {
    const passed = await inVirtualTime(async () => {
      const allow = make()
      await sleep(2 * MINUTE_MS + restMs)
      let count = 0
      for (let i = 0; i < 100 && allow(); i++) count++
      for (let ms = 0; ms < MINUTE_MS - 1; ms += 100) {
        await sleep(100)
        if (ms + 100 >= MINUTE_MS) break
        while (allow()) count++
      }
      return count
    })
    best = Math.max(best, passed)
  }
  return best
}

/** The share of its decisions with which the window that slides is at odds with the log. */
async function odds(random: Random, perWindow: number): Promise<number> {
  const LIMIT = 100
  const WINDOW_MS = 1_000
  const CLIENTS = 30
  let asked = 0
  let wrong = 0
  await inVirtualTime(async () => {
    for (let client = 0; client < CLIENTS; client++) {
      const window = new SlidingWindow({ limit: LIMIT, windowMs: WINDOW_MS })
      const log = new Log(LIMIT, WINDOW_MS)
      const endAt = performance.now() + 20 * WINDOW_MS
      while (performance.now() < endAt) {
        await sleep(-Math.log(1 - random()) * (WINDOW_MS / perWindow))
        asked++
        if (window.allow() !== log.allow()) wrong++
      }
    }
  })
  return wrong / asked
}

/** “A leaky bucket”, as it is in circulation: it leaks one unit a tick, and fills by one, whatever was asked for. */
async function leaky(cost: number): Promise<number> {
  return inVirtualTime(async () => {
    let level = 0
    let passed = 0
    for (let ms = 0; ms < 1_000; ms++) {
      await sleep(1)
      if (ms % 100 === 0) level = Math.max(0, level - 1)
      if (level < 100) {
        level++
        passed += cost
      }
    }
    return passed
  })
}

const percent = (share: number) => (share === 0 ? '0 %' : `${(share * 100).toPrecision(2)} %`)

export async function claimsInCirculation(): Promise<{ rows: Row[]; claims: Claim[] }> {
  const random = seededRandom(7)
  const log = await most(() => {
    const log = new Log(100, MINUTE_MS)
    return () => log.allow()
  })
  const bucket = await most(() => {
    const bucket = new TokenBucket({ perSecond: 100 / 60, burst: 100 })
    return () => bucket.allow().allowed
  })
  const sliding = await most(() => {
    const window = new SlidingWindow({ limit: 100, windowMs: MINUTE_MS })
    return () => window.allow()
  })
  const [below, near, above] = [await odds(random, 50), await odds(random, 100), await odds(random, 300)]
  const leaked = await leaky(10)
  const rows: Row[] = [
    { name: 'minuteLog', what: 'the most within a minute, log of 100', says: 'exact', found: String(log), value: log },
    {
      name: 'minuteBucket',
      what: 'the most within a minute, bucket of 100',
      says: '100 a minute',
      found: String(bucket),
      value: bucket,
    },
    {
      name: 'minuteSliding',
      what: 'the most within a minute, window that slides',
      says: '100 a minute',
      found: String(sliding),
      value: sliding,
    },
    ...(
      [
        ['slidingBelow', 'at half of the limit', below],
        ['slidingNear', 'at the limit', near],
        ['slidingAbove', 'at three times the limit', above],
      ] as const
    ).map(([name, who, value]) => ({
      name,
      what: `a window that slides decides otherwise than the log, for clients ${who}`,
      says: '0.003 % (Cloudflare, 2017)',
      found: percent(value),
      value,
    })),
    {
      name: 'leakyUnits',
      what: '“a leaky bucket” that takes 100 and 10 a second, asked for 10 units each time',
      says: '110 units',
      found: `${leaked} units`,
      value: leaked,
    },
  ]
  return {
    rows,
    claims: [
      { claim: 'in any minute, a bucket of 100 lets 199 through at most', holds: bucket <= 199 },
      { claim: 'in any minute, a window that slides lets 199 through at most', holds: sliding <= 199 },
    ],
  }
}
