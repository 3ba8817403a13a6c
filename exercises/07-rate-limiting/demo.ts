// npm run demo 07: ten shops that ask four times a second, and one that asks four hundred times. The limiter is yours.
import fastify from 'fastify'
import { Pool } from 'undici'
import { ClientLimits } from '#chapters/07-rate-limiting/clients.ts'
import { limitRequests } from '#chapters/07-rate-limiting/http.ts'
import { identify } from '#chapters/07-rate-limiting/identity.ts'
import { evenly, openLoop } from '../../shared/stage/open-loop.ts'

const RATE = { perSecond: 50, burst: 100 }
const SECONDS = 5
const SHOPS = 10
const GREEDY = 'poller'
const PER_BLOCK = 50

const names = [...Array.from({ length: SHOPS }, (_, i) => `shop ${i + 1}`), GREEDY]
const keys = new Map(names.map((name) => [`sk-${name}`, name]))

const app = fastify()
limitRequests(app, { limit: new ClientLimits(RATE), rate: RATE, clientOf: identify(keys) })
app.get('/shipments/:id', async () => ({ status: 'on its way' }))
const pool = new Pool(await app.listen({ port: 0, host: '127.0.0.1' }), { connections: 20 })

console.log(
  `Ten shops ask four times a second, one ${GREEDY} four hundred times; the limit is\n${RATE.perSecond} a second, and ${RATE.burst} at once.\n`,
)
const counts = new Map(names.map((name) => [name, { asked: 0, served: 0 }]))
const answers: Promise<void>[] = []
const ask = async (name: string) => {
  const count = counts.get(name)!
  count.asked++
  const { statusCode, body } = await pool.request({
    method: 'GET',
    path: '/shipments/1',
    headers: { 'x-api-key': `sk-${name}` },
  })
  await body.dump()
  if (statusCode === 200) count.served++
}
const come = (name: string, perSecond: number) =>
  openLoop({ gap: evenly(perSecond), ms: SECONDS * 1000 }, () => void answers.push(ask(name)))
await Promise.all(names.map((name) => come(name, name === GREEDY ? 400 : 4)))
await Promise.all(answers)

for (const [name, { asked, served }] of counts) {
  const bar = '█'.repeat(Math.round(served / PER_BLOCK)) + '·'.repeat(Math.round((asked - served) / PER_BLOCK)) || '·'
  console.log(
    `${name.padStart(8)}  ${String(served).padStart(4)} of ${String(asked).padStart(4)} served  ${name === GREEDY ? bar : ''}`,
  )
}
const honest = [...counts].filter(([name]) => name !== GREEDY)
const sum = (pick: 'asked' | 'served') => honest.reduce((total, [, count]) => total + count[pick], 0)
console.log(
  `\nOf the ten who asked for less than a tenth of what they may,\n${sum('served')} of ${sum('asked')} were served.`,
)
await pool.close()
await app.close()
