// The libraries that one would otherwise take, and what the subjects of price.ts are given to do.
import { peer } from './report.ts'
import type { Call } from './rounds.ts'

export const cockatiel = peer('cockatiel')
const Opossum = peer('opossum')
export const { default: pRetry } = peer('p-retry')
export const { default: pTimeout } = peer('p-timeout')
const { default: pLimit } = peer('p-limit')

export const HOUR_MS = 3_600_000
export const LIMIT_MS = 250
export const gone = AbortSignal.abort(new Error('the caller has gone'))
export const never = () => false

// The error is made once: what is measured is what becomes of it.
export const trouble = new Error('upstream in trouble')
export const succeed = async () => 'answer'
export const fail = async () => {
  throw trouble
}
/** Every other call, so that no breaker has a reason to open. */
export const alternate = () => {
  let calls = 0
  return async () => {
    if (calls++ % 2 === 1) throw trouble
    return 'answer'
  }
}

export const attempts = { maxAttempts: 2 }
export const cockatielRetry = (handle = cockatiel.handleAll) => cockatiel.retry(handle, attempts)
const cockatielBreaker = (breaker: unknown) => {
  return cockatiel.circuitBreaker(cockatiel.handleAll, { halfOpenAfter: HOUR_MS, breaker })
}
export const consecutive = (failures = 5) => cockatielBreaker(new cockatiel.ConsecutiveBreaker(failures))
export const counting = () => cockatielBreaker(new cockatiel.CountBreaker({ threshold: 0.9, size: 100 }))
export const sampling = () => cockatielBreaker(new cockatiel.SamplingBreaker({ threshold: 0.9, duration: 10_000 }))
/** Without what the others do not have either: its own timeout, snapshots and percentiles. */
export const opossum = (work: Call, options = {}) => {
  const bare = { timeout: false, enableSnapshots: false, rollingPercentilesEnabled: false }
  const breaker = new Opossum(work, { ...bare, errorThresholdPercentage: 90, resetTimeout: HOUR_MS, ...options })
  return { fire: (): Promise<unknown> => breaker.fire(), open: () => breaker.open() }
}
export const cockatielTimeout = cockatiel.timeout(LIMIT_MS, cockatiel.TimeoutStrategy.Aggressive)

export function composedCockatiel(work: Call, breaker: unknown): Call {
  const policies = [cockatielRetry(cockatiel.handleWhen(never)), breaker, cockatielTimeout]
  const policy = cockatiel.wrap(...policies)
  return () => policy.execute(work)
}
export function composedOthers(work: Call): { call: Call; open(): void } {
  const { fire, open } = opossum(work, { timeout: LIMIT_MS })
  return { call: () => pRetry(fire, { retries: 1, shouldRetry: never }), open }
}

/** p-timeout waits no longer; that the work ends too takes a controller beside it. */
export function stopped(work: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
  const controller = new AbortController()
  const fallback = () => {
    const error = new Error('Timed out')
    controller.abort(error)
    throw error
  }
  return pTimeout(work(controller.signal), { milliseconds: LIMIT_MS, fallback })
}

export const bulkhead = (places: number, queue: number) => cockatiel.bulkhead(places, queue)
const limitOfPlaces = pLimit(64)
export const placed: Call = () => limitOfPlaces(succeed)

const limit = pLimit(2)
export const lasting = new AbortController().signal
export const limited = (all: Call[]) => Promise.allSettled(all.map((leg) => limit(leg)))
/** What a deadline, and an abort that reaches each leg, take without a pattern. */
export const limitedAndEnded = (all: ((signal: AbortSignal) => Promise<unknown>)[]) =>
  Promise.allSettled(all.map((leg) => limit(() => leg(AbortSignal.any([lasting, AbortSignal.timeout(LIMIT_MS)])))))
