import { withTimeout } from '#chapters/01-timeouts/timeout.ts'
import { RetryBudget } from '#chapters/03-retry/budget.ts'
import { retry } from '#chapters/03-retry/retry.ts'
import { CircuitBreaker } from '#chapters/04-circuit-breaker/circuit-breaker.ts'
import { scatterGather } from '#chapters/05-scatter-gather/scatter-gather.ts'
import { HedgeBudget } from '#chapters/06-hedged-requests/budget.ts'
import { hedge } from '#chapters/06-hedged-requests/hedge.ts'
import { LiveLatency } from '#chapters/06-hedged-requests/latency.ts'
import { peer } from './report.ts'
import type { Call } from './rounds.ts'

const cockatiel = peer('cockatiel')
const Opossum = peer('opossum')
const { default: pRetry } = peer('p-retry')
const { default: pTimeout } = peer('p-timeout')
const { default: pLimit } = peer('p-limit')

export interface Case {
  /** `breaker, success`: what, and on which path. */
  name: string
  ours: Call
  /** Who does the same. */
  peers: Record<string, Call>
  /** Who does less of it, and is for scale only; what is missing is in the name. */
  others?: Record<string, Call>
}

const HOUR_MS = 3_600_000
const LIMIT_MS = 250
const gone = AbortSignal.abort(new Error('the caller has gone'))
const never = () => false

// The error is made once: what is measured is what becomes of it.
const trouble = new Error('upstream in trouble')
export const succeed = async () => 'answer'
const fail = async () => {
  throw trouble
}
/** Every other call, so that no breaker has a reason to open. */
const alternate = () => {
  let calls = 0
  return async () => {
    if (calls++ % 2 === 1) throw trouble
    return 'answer'
  }
}

const attempts = { maxAttempts: 2 }
const cockatielRetry = (handle = cockatiel.handleAll) => cockatiel.retry(handle, attempts)
const cockatielBreaker = (breaker: unknown) => {
  return cockatiel.circuitBreaker(cockatiel.handleAll, { halfOpenAfter: HOUR_MS, breaker })
}
const consecutive = (failures = 5) => cockatielBreaker(new cockatiel.ConsecutiveBreaker(failures))
const counting = () => cockatielBreaker(new cockatiel.CountBreaker({ threshold: 0.9, size: 100 }))
const sampling = () => cockatielBreaker(new cockatiel.SamplingBreaker({ threshold: 0.9, duration: 10_000 }))
/** Without what the others do not have either: its own timeout, snapshots and percentiles. */
const opossum = (work: Call, options = {}) => {
  const bare = { timeout: false, enableSnapshots: false, rollingPercentilesEnabled: false }
  const breaker = new Opossum(work, { ...bare, errorThresholdPercentage: 90, resetTimeout: HOUR_MS, ...options })
  return { fire: (): Promise<unknown> => breaker.fire(), open: () => breaker.open() }
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

/** Timeout in breaker in retry, as Parcel has them. */
function composed(work: Call, breaker: CircuitBreaker): Call {
  const limited = (signal: AbortSignal) => withTimeout(work, LIMIT_MS, { signal })
  return () => retry(() => breaker.execute(limited), { ...attempts, isTransient: never })
}
function composedCockatiel(work: Call, breaker: unknown): Call {
  const policies = [cockatielRetry(cockatiel.handleWhen(never)), breaker, cockatielTimeout]
  const policy = cockatiel.wrap(...policies)
  return () => policy.execute(work)
}
function composedOthers(work: Call): { call: Call; open(): void } {
  const { fire, open } = opossum(work, { timeout: LIMIT_MS })
  return { call: () => pRetry(fire, { retries: 1, shouldRetry: never }), open }
}
const cockatielTimeout = cockatiel.timeout(LIMIT_MS, cockatiel.TimeoutStrategy.Aggressive)

/** p-timeout waits no longer; that the work ends too takes a controller beside it. */
function stopped(work: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
  const controller = new AbortController()
  const fallback = () => {
    const error = new Error('Timed out')
    controller.abort(error)
    throw error
  }
  return pTimeout(work(controller.signal), { milliseconds: LIMIT_MS, fallback })
}

const legs = (work: Call, last = work) => [work, work, work, work, last]
const limit = pLimit(2)
const lasting = new AbortController().signal
const limited = (all: Call[]) => Promise.allSettled(all.map((leg) => limit(leg)))
/** What a deadline, and an abort that reaches each leg, take without a pattern. */
const limitedAndEnded = (all: ((signal: AbortSignal) => Promise<unknown>)[]) =>
  Promise.allSettled(all.map((leg) => limit(() => leg(AbortSignal.any([lasting, AbortSignal.timeout(LIMIT_MS)])))))
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
