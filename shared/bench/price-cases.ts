import { withTimeout } from '#chapters/01-timeouts/timeout.ts'
import { RetryBudget } from '#chapters/03-retry/budget.ts'
import { retry } from '#chapters/03-retry/retry.ts'
import { CircuitBreaker } from '#chapters/04-circuit-breaker/circuit-breaker.ts'
import { scatterGather } from '#chapters/05-scatter-gather/scatter-gather.ts'
import { HedgeBudget } from '#chapters/06-hedged-requests/budget.ts'
import { hedge } from '#chapters/06-hedged-requests/hedge.ts'
import { LiveLatency } from '#chapters/06-hedged-requests/latency.ts'
import { Door } from '#chapters/08-load-shedding/door.ts'
import {
  alternate,
  attempts,
  bulkhead,
  cockatiel,
  cockatielRetry,
  cockatielTimeout,
  composedCockatiel,
  composedOthers,
  consecutive,
  counting,
  fail,
  gone,
  HOUR_MS,
  lasting,
  LIMIT_MS,
  limited,
  limitedAndEnded,
  never,
  opossum,
  pRetry,
  placed,
  pTimeout,
  sampling,
  stopped,
  succeed,
} from './price-peers.ts'
import type { Call } from './rounds.ts'

export interface Case {
  /** `breaker, success`: what, and on which path. */
  name: string
  ours: Call
  /** Who does the same. */
  peers: Record<string, Call>
  /** Who does less of it, and is for scale only; what is missing is in the name. */
  others?: Record<string, Call>
}

const inARow = () => new CircuitBreaker({ consecutiveFailures: 5, failureRate: Infinity })
const byRate = () => new CircuitBreaker({ failureRate: 0.9 })
async function tripped() {
  const ours = new CircuitBreaker({ consecutiveFailures: 1, breakMs: HOUR_MS, maxBreakMs: HOUR_MS })
  const theirs = consecutive(1)
  const third = opossum(succeed)
  await ours.execute(fail).catch(() => {})
  await theirs.execute(fail).catch(() => {})
  third.open()
  return { ours, theirs, third }
}

function breakers(path: string, work: () => Call): Case[] {
  const [ours, theirs] = [inARow(), consecutive()]
  const [rate, count, sample, third] = [byRate(), counting(), sampling(), opossum(work())]
  const [a, b, c, d, e] = [work(), work(), work(), work(), work()]
  return [
    {
      name: `breaker in a row, ${path}`,
      ours: () => ours.execute(a),
      peers: { 'cockatiel Consecutive': () => theirs.execute(b) },
    },
    {
      name: `breaker by rate, ${path}`,
      ours: () => rate.execute(c),
      peers: {
        'cockatiel Sampling': () => sample.execute(d),
        opossum: () => third.fire(),
      },
      others: { 'cockatiel Count, no clock': () => count.execute(e) },
    },
  ]
}

const PLACES = 64
const atOnce = (call: Call) => () => Promise.all(Array.from({ length: PLACES }, call))

async function doors(): Promise<Case[]> {
  const door = new Door({ limit: PLACES })
  const [theirs, full] = [bulkhead(PLACES, PLACES), bulkhead(1, 0)]
  const ours = async () => {
    const pass = await door.enter()
    try {
      return await succeed()
    } finally {
      pass.leave()
    }
  }
  const cockatiel = () => theirs.execute(succeed)
  const fullHouse = new Door({ limit: 1, queue: 0 })
  await fullHouse.enter()
  void full.execute(() => new Promise(() => {}))
  return [
    { name: 'door, one at a time', ours, peers: { cockatiel, 'p-limit': placed } },
    {
      name: `door, ${PLACES} at once`,
      ours: atOnce(ours),
      peers: { cockatiel: atOnce(cockatiel), 'p-limit': atOnce(placed) },
    },
    { name: 'door, rejected', ours: () => fullHouse.enter(), peers: { cockatiel: () => full.execute(succeed) } },
    {
      name: `door, ${PLACES} rejected at once`,
      ours: () => Promise.allSettled(Array.from({ length: PLACES }, () => fullHouse.enter())),
      peers: { cockatiel: () => Promise.allSettled(Array.from({ length: PLACES }, () => full.execute(succeed))) },
    },
  ]
}

/** Timeout in breaker in retry, as Parcel has them. */
function composed(work: Call, breaker: CircuitBreaker): Call {
  const limited = (signal: AbortSignal) => withTimeout(work, LIMIT_MS, { signal })
  return () => retry(() => breaker.execute(limited), { ...attempts, isTransient: never })
}
const legs = (work: Call, last = work) => [work, work, work, work, last]
const gathering = { concurrency: 2, timeoutMs: LIMIT_MS, signal: lasting }
const hedging = { idempotent: true, latency: new LiveLatency(), budget: new HedgeBudget() }

export async function cases(): Promise<Case[]> {
  const open = await tripped()
  const openOthers = composedOthers(succeed)
  openOthers.open()
  const [forUs, forCockatiel, forOthers] = [alternate(), alternate(), alternate()]
  const gather = (path: string, all: Call[]): Case => ({
    name: `scatter-gather, ${path}`,
    ours: () => scatterGather(all, gathering),
    peers: { 'p-limit, any, timeout': () => limitedAndEnded(all) },
    others: { 'p-limit, no end': () => limited(all) },
  })
  const timeout = (path: string, work: Call): Case => ({
    name: `timeout, ${path}`,
    ours: () => withTimeout(work, LIMIT_MS),
    peers: { cockatiel: () => cockatielTimeout.execute(work), 'p-timeout, controller': () => stopped(work) },
    others: { 'p-timeout as it comes': () => pTimeout(work(), { milliseconds: LIMIT_MS }) },
  })

  const [anyError, noError] = [cockatielRetry(), cockatielRetry(cockatiel.handleWhen(never))]
  const budget = new RetryBudget()
  const once = cockatiel.retry(cockatiel.handleAll, { maxAttempts: 0 })
  return [
    timeout('success', succeed),
    timeout('failure', fail),
    {
      name: 'timeout, rejected',
      ours: () => withTimeout(succeed, LIMIT_MS, { signal: gone }),
      peers: {
        cockatiel: () => cockatielTimeout.execute(succeed, gone),
        'p-timeout': () => pTimeout(succeed(), { milliseconds: LIMIT_MS, signal: gone }),
      },
    },
    {
      name: 'retry, success',
      ours: () => retry(succeed, attempts),
      peers: { cockatiel: () => anyError.execute(succeed), 'p-retry': () => pRetry(succeed, { retries: 1 }) },
    },
    {
      name: 'retry with a budget, success',
      ours: () => retry(succeed, { ...attempts, budget }),
      peers: {},
      others: { 'cockatiel, no budget': () => anyError.execute(succeed) },
    },
    {
      name: 'retry, failure',
      ours: () => retry(fail, { isTransient: never }),
      peers: {
        cockatiel: () => noError.execute(fail),
        'p-retry': () => pRetry(fail, { retries: 1, shouldRetry: never }),
      },
    },
    {
      name: 'retry, given up',
      ours: () => retry(fail, { maxAttempts: 1, isTransient: () => true }),
      peers: {},
      others: {
        'cockatiel, tells nothing': () => once.execute(fail),
        'p-retry, tells nothing': () => pRetry(fail, { retries: 0 }),
      },
    },
    {
      name: 'retry, rejected',
      ours: () => retry(succeed, { signal: gone }),
      peers: { 'p-retry': () => pRetry(succeed, { retries: 1, signal: gone }) },
    },
    ...breakers('success', () => succeed),
    ...breakers('failure', alternate),
    {
      name: 'breaker, rejected',
      ours: () => open.ours.execute(succeed),
      peers: { cockatiel: () => open.theirs.execute(succeed), opossum: open.third.fire },
    },
    gather('success', legs(succeed)),
    gather('failure', legs(succeed, fail)),
    { name: 'hedge, success', ours: () => hedge(succeed, hedging), peers: {} },
    ...(await doors()),
    {
      name: 'composition, success',
      ours: composed(succeed, byRate()),
      peers: { cockatiel: composedCockatiel(succeed, sampling()) },
      others: { 'opossum in p-retry, work runs on': composedOthers(succeed).call },
    },
    {
      name: 'composition, failure',
      ours: composed(forUs, byRate()),
      peers: { cockatiel: composedCockatiel(forCockatiel, sampling()) },
      others: { 'opossum in p-retry, work runs on': composedOthers(forOthers).call },
    },
    {
      name: 'composition, rejected',
      ours: composed(succeed, open.ours),
      peers: { cockatiel: composedCockatiel(succeed, open.theirs), 'opossum in p-retry': openOthers.call },
    },
  ]
}
