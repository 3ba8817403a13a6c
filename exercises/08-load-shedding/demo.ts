// npm run demo 08: three seconds of more customers than one worker can serve, and what becomes of the service after them.
// The door is yours.
import { Door } from '#chapters/08-load-shedding/door.ts'
import { shedLoad } from '#chapters/08-load-shedding/shed.ts'
import Fastify from 'fastify'
import { Pool } from 'undici'
import { deadlineAfter, msUntil } from '../../shared/core/deadline.ts'
import { seededRandom } from '../../shared/core/random.ts'
import { sleep } from '../../shared/core/sleep.ts'
import { atRandom, openLoop } from '../../shared/stage/open-loop.ts'

const WORK_MS = 5
const CAPACITY = 1000 / WORK_MS
const USUAL = 0.85 * CAPACITY
const SPIKE = 1.6 * CAPACITY
const [FROM_S, TO_S, END_S] = [3, 6, 12]
const PATIENCE_MS = 1000
const RETRIES = 3
const CUSTOMERS_PER_BLOCK = 8
/** Some more than the newsletter's 40: two seconds' customers may come in one. Its line has 79 columns at most then. */
const MAX_BLOCKS = 44

/** One worker, one job after the other; it does not look whether anybody is still there. */
let freeAt = 0
const evening = new AbortController()
async function work(): Promise<string> {
  freeAt = Math.max(freeAt, performance.now()) + WORK_MS
  await sleep(msUntil(freeAt), evening.signal)
  return 'a quote'
}

const app = Fastify({ forceCloseConnections: true })
shedLoad(app, { door: new Door({ limit: 8 }) })
app.get('/', work)
const pool = new Pool(await app.listen({ host: '127.0.0.1', port: 0 }))
const random = seededRandom(8)
// By the second in which they came: how many, and how many of them got what they wanted.
const seconds = Array.from({ length: END_S }, () => ({ came: 0, served: 0, customers: [] as Promise<void>[] }))

async function customer(second: (typeof seconds)[number]): Promise<void> {
  second.came++
  for (let attempt = 0; attempt <= RETRIES; attempt++) {
    const patience = deadlineAfter(PATIENCE_MS)
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS)
      const { statusCode, headers, body } = await pool.request({ method: 'GET', path: '/', signal })
      await body.dump()
      if (statusCode === 200) return void second.served++
      await sleep(1000 * Number(headers['retry-after']))
    } catch {
      // They have waited for long enough, and ask again.
      await sleep(Math.max(0, msUntil(patience)))
    }
  }
}

console.log(
  `One worker, ${CAPACITY} customers a second at most. ${USUAL} come, and\n${SPIKE} in the three seconds of a newsletter.`,
)
console.log(`Each waits for a second, and asks up to ${RETRIES} more times.\nBy the second in which they came:\n`)
const startedAt = performance.now()
const atS = () => (performance.now() - startedAt) / 1000
const gap = () => atRandom(atS() >= FROM_S && atS() < TO_S ? SPIKE : USUAL, random)()
const coming = openLoop({ gap, ms: 1000 * END_S - 1 }, () => {
  const second = seconds[Math.min(END_S - 1, Math.floor(atS()))]!
  second.customers.push(customer(second))
})
for (const [index, second] of seconds.entries()) {
  await sleep(Math.max(0, 1000 * (index + 1 - atS())))
  await Promise.all(second.customers)
  const { came, served } = second
  const [all, happy] = [came, served].map((count) => Math.round(count / CUSTOMERS_PER_BLOCK)) as [number, number]
  const bar = ('█'.repeat(happy) + '░'.repeat(Math.max(0, all - happy))).slice(0, MAX_BLOCKS)
  const note = index === FROM_S ? '  the newsletter' : index === TO_S ? '  and it is over' : ''
  console.log(`${String(index + 1).padStart(3)} s ${bar} ${served} of ${came}${note}`)
}
await coming
const busyS = Math.round(Math.max(0, msUntil(freeAt)) / 1000)
console.log(`\nFor customers who have gone, the worker has work for another ${busyS} s.`)
await pool.destroy()
// Or we would wait for it.
evening.abort()
await app.close()
