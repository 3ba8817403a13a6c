/*
 * The long tail on real sockets: twenty HTTP servers on loopback, in a thread of their own, with seeded delays; requests
 * arrive in an open loop, and a latency counts from the instant at which its request was meant to be sent. The servers
 * count what they see: a loser that goes on working for nobody would show. Takes about 45 s:
 *
 *     npm run bench hedge-sockets
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { Pool } from 'undici'
import { HedgeBudget } from '#chapters/06-hedged-requests/budget.ts'
import { ATTEMPT_HEADER, hedge, type HedgeOptions } from '#chapters/06-hedged-requests/hedge.ts'
import { LiveLatency } from '#chapters/06-hedged-requests/latency.ts'
import { latencies } from '../core/percentiles.ts'
import { seededRandom } from '../core/random.ts'
import { sleep } from '../core/sleep.ts'
import { atRandom, openLoop } from '../stage/open-loop.ts'
import { REPLICAS, type Seen } from './hedge-sockets-servers.ts'
import { report } from './report.ts'
import { percent } from '../stage/table.ts'

const BUDGET = 0.05

interface Run {
  p50Ms: number
  p99Ms: number
  p999Ms: number
  /** Attempts that the client cancelled. */
  losers: number
  seen: Seen
}

async function load(
  servers: Worker,
  ports: number[],
  hedged: boolean,
  requests: number,
  perSecond: number,
): Promise<Run> {
  const pools = ports.map((port) => new Pool(`http://127.0.0.1:${port}`))
  const random = seededRandom(7)
  const taken = latencies()
  let losers = 0
  const options: HedgeOptions<Awaited<ReturnType<Pool['request']>>, string> = {
    idempotent: hedged,
    latency: new LiveLatency(),
    budget: new HedgeBudget({ ratio: BUDGET }),
    read: ({ body }) => body.text(),
    discard: ({ body }) => body.dump(),
  }
  const request = async (id: number, dueAt: number) => {
    const home = Math.floor(random() * REPLICAS)
    const ask = (signal: AbortSignal, number: number) => {
      signal.addEventListener('abort', () => losers++)
      const pool = pools[(home + number) % REPLICAS]!
      return pool.request({ method: 'GET', path: `/${id}`, headers: { [ATTEMPT_HEADER]: String(number) }, signal })
    }
    await hedge(ask, options)
    taken.record(performance.now() - dueAt)
  }

  const all: Promise<void>[] = []
  await openLoop({ gap: atRandom(perSecond, random), count: requests }, (dueAt) => {
    all.push(request(all.length, dueAt))
  })
  await Promise.all(all)
  await Promise.all(pools.map((pool) => pool.close()))
  // A closed connection takes a moment to be one on the other side; a loser that nobody cancelled takes a second.
  await sleep(200)
  servers.postMessage('what did you see?')
  const [seen] = (await once(servers, 'message')) as [Seen]
  const [p50Ms, p99Ms, p999Ms] = [50, 99, 99.9].map((p) => taken.percentile(p)) as [number, number, number]
  return { p50Ms, p99Ms, p999Ms, losers, seen }
}

async function main(requests: number, perSecond: number): Promise<void> {
  const servers = new Worker(new URL('./hedge-sockets-servers.ts', import.meta.url))
  const [ports] = (await once(servers, 'message')) as [number[]]
  const plain = await load(servers, ports, false, requests, perSecond)
  const hedged = await load(servers, ports, true, requests, perSecond)
  const sockets = process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length
  await servers.terminate()

  const row = (name: string, { p50Ms, p99Ms, p999Ms, losers, seen: { started, answered, aborted, sockets } }: Run) => {
    return [name, p50Ms, p99Ms, p999Ms, losers, started, answered, aborted, sockets]
  }
  const { seen, losers } = hedged
  const extra = seen.started / requests - 1
  const withdrawn = requests + losers - seen.started
  // An abort and an answer may pass each other on the wire; now and then they do.
  const crossed = seen.answered - requests
  const fates = `${seen.aborted} aborted, ${withdrawn} withdrawn before they were sent, ${crossed} answered meanwhile`

  report(
    'hedge-sockets',
    {
      title: 'The long tail on real sockets',
      about:
        `${REPLICAS} HTTP servers on loopback; of their answers 98 % take 5 to 15 ms, 1.7 % take 50 to 100, and 0.3 % a ` +
        `second. ${requests.toLocaleString('en')} requests at ${perSecond} a second in an open loop, first one each, then ` +
        'hedged after the live 95th percentile on a budget of 5 %. The servers count what they see.',
      figures: { plainP999Ms: plain.p999Ms, hedgedP999Ms: hedged.p999Ms, hedgedExtra: extra },
      tables: [
        {
          caption:
            'Latencies from when a request was due, attempts that the client cancelled, and what the servers saw',
          rows: [
            ['', 'p50 ms', 'p99 ms', 'p99.9 ms', 'cancelled', 'started', 'answered', 'aborted', 'sockets left'],
            row('one request', plain),
            row('hedged', hedged),
          ],
        },
      ],
      claims: [
        { claim: 'p99.9 is 5 times lower, or more', holds: plain.p999Ms >= 5 * hedged.p999Ms },
        { claim: `${percent(BUDGET, 0)} more requests, or less`, holds: extra <= BUDGET },
        { claim: `of ${losers} losers, ${fates}`, holds: losers > 0 && crossed <= losers / 20 },
        { claim: 'no server works for nobody', holds: seen.started === seen.answered + seen.aborted },
        { claim: 'no socket is left on either side', holds: plain.seen.sockets + seen.sockets + sockets === 0 },
      ],
    },
    ['undici'],
  )
}

if (process.argv[1] === import.meta.filename) await main(6_000, 300)
