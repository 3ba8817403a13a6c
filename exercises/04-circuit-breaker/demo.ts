// npm run demo 04: one carrier is dead, and twenty customers want to know what it charges. The breaker is yours.
import { setTimeout as pause } from 'node:timers/promises'
import { CircuitBreaker } from '#chapters/04-circuit-breaker/circuit-breaker.ts'
import { startFleet } from '../../shared/carriers/fleet.ts'
import { CircuitOpenError } from '../../shared/core/errors.ts'

const QUOTES = 20
const MENDED_BEFORE = 16
const TIMEOUT_MS = 500
const MS_PER_BLOCK = 25
/** Of a call that has timed out; where the machine stands still it takes longer, and the line goes on in the next. */
const MAX_BLOCKS = TIMEOUT_MS / MS_PER_BLOCK + 1

const fleet = await startFleet({ latency: [{ percent: 100, ms: 25 }] })
const pigeon = fleet.carriers.find(({ name }) => name === 'pigeon')!
await fleet.setFault('pigeon', { kind: 'blackhole' })
const breaker = new CircuitBreaker({
  name: 'pigeon',
  consecutiveFailures: 3,
  breakMs: 1_000,
  maxBreakMs: 1_000,
  jitter: 0,
})

let calls = 0
const quote = async () => {
  calls++
  const url = `${pigeon.replicas[0]}/quotes?from=Rome&to=Oslo&grams=500`
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  const { cents, currency } = (await response.json()) as { cents: number; currency: string }
  return `${(cents / 100).toFixed(2)} ${currency}`
}

console.log(`pigeon accepts every connection and answers none. A quote waits ${TIMEOUT_MS} ms.\n`)
let waitedMs = 0
for (let customer = 1; customer <= QUOTES; customer++) {
  if (customer === MENDED_BEFORE) {
    await fleet.setFault('pigeon', null)
    console.log('    (Somebody has restarted pigeon.)')
  }
  const startedAt = performance.now()
  const outcome = await breaker.execute(quote).catch((error: Error) => {
    if (error instanceof CircuitOpenError) return `not asked; next try in ${(error.retryAfterMs / 1_000).toFixed(1)} s`
    return error.name === 'TimeoutError' ? 'timed out' : error.message
  })
  const ms = performance.now() - startedAt
  waitedMs += ms
  const bar = '█'.repeat(Math.min(MAX_BLOCKS, Math.round(ms / MS_PER_BLOCK))).padEnd(MAX_BLOCKS)
  const state = breaker.state.status.padEnd(10)
  console.log(`${String(customer).padStart(3)} ${bar} ${String(Math.round(ms)).padStart(4)} ms  ${state} ${outcome}`)
  await pause(150)
}
console.log(`\nWaited for ${(waitedMs / 1_000).toFixed(1)} s in all, for ${calls} calls to pigeon.`)
await fleet.close()
