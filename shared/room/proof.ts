// npm run room proof <part> [-- --save]: what the board and its laptops must withstand, with its table. Exits with 1 when
// anything is wrong.
import { parseArgs } from 'node:util'
import { positiveOption } from '../stage/options.ts'
import { type Proof, report } from '../stage/proof-report.ts'
import { type Cell, table } from '../stage/table.ts'
import { announceCosts, FAULTS, type RunTimes, runsUnder } from './faults.ts'
import { fuzz, INPUTS } from './fuzz.ts'
import { load, type LoadResult } from './load.ts'

/** A lecture hall, and half as many again. */
const LAPTOPS = [150, 225]
/** What 99 answers in 100 may take at most. */
const P99_MS = 100
/** By how much the board's heap may have grown from the middle third of the day to the last. */
const GROWTH = 1.1

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    save: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '7' },
    runs: { type: 'string', default: '1000' },
  },
})
const numberOf = (name: 'seed' | 'seconds' | 'rounds' | 'runs') => positiveOption(name, values[name])
const [seed, seconds, rounds, runs] = [numberOf('seed'), numberOf('seconds'), numberOf('rounds'), numberOf('runs')]

const least = (numbers: number[]) => Math.min(...numbers)
const middle = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!

/** Of the board, its garbage collected: in the middle third of the day, when everybody is in, and in the last one. */
function heapOf({ heapMb }: LoadResult): [number, number] {
  const third = Math.floor(heapMb.length / 3)
  return [middle(heapMb.slice(third, 2 * third)), middle(heapMb.slice(2 * third))]
}

const proofs: Record<string, () => Promise<Proof>> = {
  async load() {
    const head = ['runs', 'told', 'given up', 'p50 ms', 'p99 ms', 'longest', 'heap MB', 'then', 'laptops late']
    const rows: Cell[][] = [['laptops', ...head]]
    const complaints: string[] = []
    for (const laptops of LAPTOPS) {
      const result = await load({ laptops, seconds, seed })
      const { p50Ms, p99Ms, maxMs, people, failed, delayP99Ms } = result
      const givenUp = Object.values(failed).reduce((sum, count) => sum + count, 0)
      const [before, after] = heapOf(result)
      const figures = [p50Ms, p99Ms, maxMs, before, after, delayP99Ms].map((figure) => figure.toFixed(1))
      rows.push([laptops, result.runs, result.told, givenUp, ...figures])
      const about = (what: string) => complaints.push(`${laptops} laptops: ${what}`)
      if (p99Ms > P99_MS) about(`p99 is ${p99Ms.toFixed(0)} ms, and may be ${P99_MS}`)
      if (after > before * GROWTH) about(`the heap grows from ${before.toFixed(1)} to ${after.toFixed(1)} MB`)
      if (givenUp > 0) about(JSON.stringify(failed))
      if (people !== laptops) about(`the board knows of ${people}`)
    }
    return {
      about:
        `The runs of a class that there never was, over a half day, in ${seconds} s; each telling by the laptop's own code, on a ` +
        'connection of its own, to a board in a process of its own, at which three look. All of them have one address. ' +
        'In a day that goes so fast, a laptop has more news than the one a second that the board takes of it: those that were ' +
        'told to come in a second are the longest. "Laptops late" is the 99th percentile of how late their own process was, which is in the other figures.',
      tables: [{ caption: `Seed ${seed}`, text: table(rows) }],
      complaints,
    }
  },

  async faults() {
    const costs = [['', 'p50 ms', 'p99 ms'], ...(await announceCosts())]
    const times = await runsUnder(FAULTS, rounds, (round) => console.error(`round ${round + 1} of ${rounds}`))
    const rows: Cell[][] = [['', 'red', 'at best', 'ended', 'at best']]
    const complaints: string[] = []
    const ended = (runs: RunTimes[]) => runs.map(({ endedMs }) => endedMs)
    const [alone] = [...times.values()]
    for (const [{ name }, runs] of times) {
      const shown = runs.map(({ shownMs }) => shownMs)
      rows.push([name, middle(shown), least(shown), middle(ended(runs)), least(ended(runs))])
      if (shown.some(Number.isNaN)) complaints.push(`${name}: a run showed no result`)
      if (least(ended(runs)) > middle(ended(alone!)))
        complaints.push(`${name}: every run is slower than most without it`)
    }
    return {
      about: `A run of chapter 01's tests by hand, on the naive code, ${rounds} times each in turn, with whatever may be at the address of the board that was joined. It fails when with something there even the fastest takes longer than most without.`,
      tables: [
        { caption: 'Milliseconds until its result was on the screen, and until it had ended', text: table(rows) },
        {
          caption: 'Of these, what a run itself does for the board, when its result is on the screen',
          text: table(costs),
        },
      ],
      complaints,
    }
  },

  async fuzz() {
    const results = []
    for (const name of Object.keys(INPUTS)) results.push(await fuzz(name, runs, seed))
    const statuses = [...new Set(results.flatMap((result) => Object.keys(result.statuses)))].toSorted()
    const rows = results.map((result) => [
      result.name,
      result.runs,
      ...statuses.map((status) => result.statuses[status] ?? 0),
    ])
    return {
      about: `Inputs of each kind, seed ${seed}, and how they were answered. A 5xx fails it, and so does a 4xx that is no application/problem+json, a connection that hangs, and a page that has an element or an attribute that is not ours.`,
      tables: [{ caption: 'Answers by status', text: table([['', 'inputs', ...statuses], ...rows]) }],
      complaints: results.flatMap(({ name, complaints }) => complaints.map((complaint) => `${name}: ${complaint}`)),
    }
  },
}

const [name = ''] = positionals
if (!Object.hasOwn(proofs, name)) {
  console.error(`Which proof of the room? There are: ${Object.keys(proofs).join(', ')}`)
  process.exit(1)
}
await report({
  name,
  prove: proofs[name]!,
  command: 'npm run room proof',
  ...(values.save && { file: new URL('RESULTS.md', import.meta.url) }),
})
