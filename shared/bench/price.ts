/*
 * What a pattern costs when nothing is wrong, when something is, and when it says no: ours beside the libraries that one
 * would otherwise take, in one process, taking turns. Takes about half a minute:
 *
 *     npm run bench price
 */
import { CircuitBreaker } from '#chapters/04-circuit-breaker/circuit-breaker.ts'
import { plot } from '../stage/plot.ts'
import { type Case, cases } from './price-cases.ts'
import { HOUR_MS, succeed, trouble } from './price-peers.ts'
import { type Claim, peer, report } from './report.ts'
import { median, ratio, takeTurns } from './rounds.ts'

const ROUNDS = 41

interface Priced extends Case {
  ns: Record<string, number>
  /** Ours to each of the others. */
  ratios: Record<string, number>
}

async function priced(one: Case): Promise<Priced> {
  const times = await takeTurns<string>({ ours: one.ours, ...one.peers, ...one.others, bare: succeed }, ROUNDS)
  const each = (value: (name: string) => number) => {
    return Object.fromEntries(Object.keys(times).map((name) => [name, value(name)]))
  }
  return { ...one, ns: each((name) => median(times[name]!)), ratios: each((name) => ratio(times.ours!, times[name]!)) }
}

const dearest = ({ peers, ratios }: Priced) => Math.max(...Object.keys(peers).map((name) => ratios[name]!))

/** Why some are dearer than the cheapest of their kind. */
const REASONS: Record<string, string> = {
  'timeout, success':
    'p-timeout has no race, takes no deadline and reads no clock, so that its error cannot say how long it was',
  'timeout, failure': 'as on the success path',
  'breaker, rejected': 'the error says when to come again, and what opened the circuit',
  'composition, success':
    'it was 0.17 on another machine, on which cockatiel’s timeout, the most of it, cost half as much again',
  'composition, rejected': 'as for the breaker alone',
}

function claimOf(one: Priced): Claim {
  const because = REASONS[one.name]
  if (one.name === 'composition, success') {
    return {
      claim: 'composition, success: at most a fifth of cockatiel’s',
      holds: one.ratios.cockatiel! <= 0.2,
      because,
    }
  }
  return { claim: `${one.name}: at or below the cheapest peer`, holds: dearest(one) < 1.005, because }
}

/** A failing call of a breaker in whose window so many successes are, in ns; median of some. */
async function failing(breaker: { fire(fails: boolean): Promise<unknown> }, successes: number): Promise<number> {
  for (let i = 0; i < successes; i++) await breaker.fire(false)
  const { fire } = await takeTurns({ fire: () => breaker.fire(true) }, 9)
  return median(fire)
}

const work = async (fails: boolean) => {
  if (fails) throw trouble
}
const windowed = {
  ours: () => {
    const breaker = new CircuitBreaker({ windowMs: HOUR_MS, minimumCalls: Infinity })
    return { fire: (fails: boolean) => breaker.execute(() => work(fails)), shutdown() {} }
  },
  // As it comes, but for the line that keeps it closed and a window that does not move on while we measure.
  opossum: () => {
    const options = { timeout: false, errorThresholdPercentage: 100, rollingCountTimeout: HOUR_MS }
    return new (peer('opossum'))(work, options)
  },
}

async function growth(): Promise<Record<keyof typeof windowed, [calls: number, ns: number][]>> {
  const points = { ours: [] as [number, number][], opossum: [] as [number, number][] }
  for (const name of ['ours', 'opossum'] as const) {
    for (const calls of [100, 1000, 10_000, 100_000]) {
      const breaker = windowed[name]()
      points[name].push([calls, await failing(breaker, calls)])
      breaker.shutdown()
    }
  }
  return points
}

const us = (ns: number) => (ns < 10_000 ? `${ns.toFixed(0)} ns` : `${(ns / 1000).toFixed(0)} µs`)
/** `breaker in a row, success` as `breakerInARowSuccess`. */
const key = (...words: string[]) =>
  words.join(' ').replace(/[^a-z]+(\w?)/gi, (_, letter: string) => letter.toUpperCase())

async function main(): Promise<void> {
  const all: Priced[] = []
  for (const one of await cases()) all.push(await priced(one))
  const { ours, opossum } = await growth()

  report(
    'price',
    {
      title: 'The price of a pattern',
      about:
        'One awaited call after the other around an operation that answers or throws at once; processor time of the ' +
        `process; ${ROUNDS} rounds in which the subjects take turns; medians, and the median of the rounds’ ratios of ` +
        'ours to the other. In brackets: who does less, as its name says, and is here for scale. On the failure paths ' +
        'of breakers and compositions every other call fails; “given up” is a transient error after the last attempt; ' +
        'on the rejected paths the circuit is open, or the caller has gone.',
      figures: {
        ...Object.fromEntries(
          all.flatMap(({ name, ns, peers, ratios }) => [
            [key(name, 'ns'), ns.ours!],
            ...Object.keys(peers).map((peer) => [key(name, 'to', peer), ratios[peer]!]),
          ]),
        ),
        failingOurs100Ns: ours[0]![1],
        failingOurs100kNs: ours.at(-1)![1],
        failingOpossum100Ns: opossum[0]![1],
        failingOpossum100kNs: opossum.at(-1)![1],
      },
      tables: [
        {
          caption: 'A call, and the ratio of ours to each of the others',
          rows: [
            ['', 'ours', 'beside', '', 'ratio'],
            ...all.flatMap(({ name, ns, peers, others = {}, ratios }) => {
              const beside = [...Object.keys(peers), ...Object.keys(others).map((other) => `(${other})`), 'bare']
              return beside.map((other, i) => {
                const its = other.replace(/^\(|\)$/g, '')
                return [...(i === 0 ? [name, us(ns.ours!)] : ['', '']), other, us(ns[its]!), ratios[its]!.toFixed(2)]
              })
            }),
          ],
        },
        {
          caption: 'A failing call of a breaker, by the calls in its window',
          rows: [
            ['calls', 'ours', 'opossum'],
            ...ours.map(([calls, ns], i) => [calls.toLocaleString('en'), us(ns), us(opossum[i]![1])]),
          ],
        },
      ],
      claims: all.filter(({ peers }) => Object.keys(peers).length > 0).map(claimOf),
      plots: {
        price: plot({
          title: 'A failing call of a circuit breaker',
          x: { label: 'calls in its window', ticks: [100, 1000, 10_000, 100_000], log: true },
          y: { label: 'ns', ticks: [100, 1000, 10_000, 100_000, 1e6, 1e7, 1e8], log: true },
          series: [
            { label: 'opossum', points: opossum },
            { label: 'ours', points: ours },
          ],
        }),
      },
    },
    ['cockatiel', 'opossum', 'p-retry', 'p-timeout', 'p-limit'],
  )
}

await main()
// opossum's timers would keep the process for an hour.
process.exit()
