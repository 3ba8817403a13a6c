// npm run demo 09: a thousand customers at each moment at which a price has just become too old, and a carrier that is in
// perfect health, until it hangs. The cache is yours.
import { StaleCache } from '#chapters/09-graceful-degradation/cache.ts'
import { sleep } from '../../shared/core/sleep.ts'
import { CrowdedCarrier, PLACES, WORK_MS } from '../../shared/stage/crowded.ts'

const CROWD = 1_000
const FRESH_MS = 1_000
const SLOW_MS = 3_500
const PATIENCE_MS = 500
const HEALTHY = 4
const ROUNDS = 8
const PER_BLOCK = 20

const carrier = new CrowdedCarrier()
const cache = new StaleCache<number>({
  freshMs: FRESH_MS,
  patienceMs: 100,
  slowMs: SLOW_MS,
  errorMs: SLOW_MS,
  limitMs: PATIENCE_MS,
})

async function customer(): Promise<{ ms: number; how: string; ageMs: number } | undefined> {
  const startedAt = performance.now()
  const left = new AbortController()
  const timer = setTimeout(() => left.abort(new Error('I have waited for long enough')), PATIENCE_MS)
  const gone = sleep(Infinity, left.signal)
  gone.catch(() => {})
  try {
    const asked = cache.get('pigeon, Rome, Oslo', carrier.quote, left.signal)
    const { how, ageMs } = (await Promise.race([asked, gone]))!
    return { ms: performance.now() - startedAt, how, ageMs }
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
    left.abort()
  }
}

console.log(`A carrier answers ${PLACES} at a time, in ${WORK_MS} ms, slower when there is a line.`)
console.log('Its price is fresh for a second.')
console.log(`Whenever it has just become too old, ${CROWD} ask at once, and wait for ${PATIENCE_MS} ms.\n`)
await cache.get('pigeon, Rome, Oslo', carrier.quote)
for (let round = 1; round <= ROUNDS; round++) {
  if (round === HEALTHY + 1) {
    carrier.isWell = false
    console.log('\nThe carrier hangs.\n')
  }
  await sleep(FRESH_MS + 10)
  carrier.calls = 0
  const crowd = await Promise.all(Array.from({ length: CROWD }, customer))
  const served = crowd.filter((one) => one !== undefined)
  const p50 = served.map(({ ms }) => ms).toSorted((a, b) => a - b)[served.length >> 1]
  const oldest = Math.max(0, ...served.filter(({ how }) => how === 'stale').map(({ ageMs }) => ageMs))
  const bar = '█'.repeat(served.length / PER_BLOCK).padEnd(CROWD / PER_BLOCK, '·')
  const calls = `${carrier.calls} call${carrier.calls === 1 ? '' : 's'}`.padStart(10)
  const how = oldest > 0 ? `, ${(oldest / 1000).toFixed(1)} s old` : ''
  console.log(`${calls}  ${bar}`)
  console.log(
    `            ${served.length} served${p50 === undefined ? '' : `, half of them within ${Math.round(p50)} ms${how}`}`,
  )
}
process.exit(0)
