import { type GatherOptions, type Leg, scatterGather } from '#chapters/05-scatter-gather/scatter-gather.ts'
import { seededRandom } from '../../shared/core/random.ts'
import { sleep } from '../../shared/core/sleep.ts'

// Five carriers, one question, and one carrier at a time that has a bad day. In real time, rounded to 10 ms.

const PATIENCE_MS = 300
const WATCHED_MS = 2_000

const random = seededRandom(5)
const carriers = ['albatross', 'kestrel', 'pelican', 'pigeon', 'swift'].map((name) => ({
  name,
  ms: 20 + 60 * random(),
}))

/** Silent until it is told to stop. */
const silence = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

async function day(title: string, pigeon?: Leg<unknown>, options: GatherOptions<unknown> = {}): Promise<void> {
  let atWork = 0
  const legs = carriers.map(({ name, ms }): Leg<unknown> => async (signal, deadline) => {
    atWork++
    try {
      return await (name === 'pigeon' && pigeon ? pigeon(signal, deadline) : sleep(ms, signal))
    } finally {
      atWork--
    }
  })

  const startedAt = performance.now()
  const bored = new AbortController()
  const gathering = scatterGather(legs, { timeoutMs: PATIENCE_MS, ...options })
  const [outcome] = await Promise.allSettled([Promise.race([gathering, sleep(WATCHED_MS, bored.signal)])])
  const elapsedMs = Math.round((performance.now() - startedAt) / 10) * 10
  bored.abort()
  // Those that were told to stop need a turn of the event loop for it.
  await sleep(0)

  const time = `${elapsedMs} ms`
  if (outcome.status === 'rejected')
    return row(title, time, 'none', String(atWork), `rejected: ${outcome.reason.message}`)
  const results = outcome.value
  const missing = (results ?? []).flatMap((result, index) => {
    if (result.status === 'fulfilled') return []
    return `${carriers[index]!.name} (${result.reason.code ?? result.reason.message})`
  })
  const quotes = results ? `${results.length - missing.length} of ${legs.length}` : 'none'
  row(title, results ? time : 'not in 2 s', quotes, String(atWork), missing.join(', '))
}

function row(title: string, time: string, quotes: string, atWork: string, missing: string): void {
  console.log(`${title.padEnd(24)}${time.padStart(10)}${quotes.padStart(8)}${atWork.padStart(9)}  ${missing}`.trimEnd())
}

console.log(`Five carriers are asked what a parcel costs. The checkout goes after ${PATIENCE_MS} ms.\n`)
row('', 'answered', 'quotes', 'at work', 'missing')
await day('a sunny day')
await day('pigeon fails at once', () => Promise.reject(new Error('no pigeons')))
await day('pigeon takes a second', (signal) => sleep(1_000, signal))
await day('pigeon never answers', silence)
await day('pigeon cannot be told', () => sleep(1_000))
await day('four are enough', silence, { enough: 4 })
console.log('\n"at work" counts the carriers still busy with it when the answer is out.')
