/*
 * "If there are three layers that each try four times, one call of a user becomes 64 at the database": what the Site
 * Reliability Engineering book (O'Reilly, 2016, chapter 22) warns of, and what a budget makes of it. Through the chapter's
 * own retry() and RetryBudget, in virtual time:
 *
 *     npm run bench amplification
 */
import { RetryBudget } from '#chapters/03-retry/budget.ts'
import { retry, type RetryOptions } from '#chapters/03-retry/retry.ts'
import { ResponseError } from '../core/errors.ts'
import { seededRandom } from '../core/random.ts'
import { sleep } from '../core/sleep.ts'
import { plot } from '../stage/plot.ts'
import { report } from './report.ts'
import { inVirtualTime } from '../stage/virtual-time.ts'

const LAYERS = 3
const ATTEMPTS = 4
const RATIO = 0.1

export interface Outage {
  layers: number
  attempts: number
  /** Each layer has a budget for the layer below, of this ratio and without a floor; else it has none. */
  ratio?: number
  /** Of the users, 100 a second. */
  calls: number
}

/** Calls that reach the bottom, which fails each of them, for each call at the top. */
export function amplification({ layers, attempts, ratio, calls }: Outage): Promise<number> {
  let reached = 0
  const random = seededRandom(1)
  // What a layer gives up is to the layer above one more 503.
  const unavailable = () => Promise.reject(new ResponseError('Service Unavailable', 503))
  let call = () => {
    reached++
    return unavailable()
  }
  for (let layer = 0; layer < layers; layer++) {
    const below = call
    const options: RetryOptions = { maxAttempts: attempts, random }
    if (ratio !== undefined) options.budget = new RetryBudget({ ratio, minPerSecond: 0 })
    call = () => retry(below, options).catch(unavailable)
  }
  return inVirtualTime(async () => {
    const all: Promise<unknown>[] = []
    for (let i = 0; i < calls; i++) {
      all.push(call().catch(() => {}))
      await sleep(10)
    }
    await Promise.all(all)
    return reached / calls
  })
}

const times = (value: number) => `${value < 10 ? value.toFixed(2) : value.toFixed(0)}×`

async function main(calls: number): Promise<void> {
  const depths = [1, 2, 3, 4]
  const rows: { attempts: number; plain: number[]; budgeted: number[] }[] = []
  for (const attempts of [2, 3, ATTEMPTS]) {
    const row = { attempts, plain: [] as number[], budgeted: [] as number[] }
    for (const layers of depths) {
      row.plain.push(await amplification({ layers, attempts, calls: calls / 10 }))
      row.budgeted.push(await amplification({ layers, attempts, ratio: RATIO, calls }))
    }
    rows.push(row)
  }
  const { plain, budgeted } = rows.at(-1)!
  const [without, within] = [plain[LAYERS - 1]!, budgeted[LAYERS - 1]!]
  const series = rows.map(({ attempts, plain }) => ({ label: `${attempts} attempts`, values: plain }))
  series.push({ label: `${ATTEMPTS}, 10 % budgets`, values: budgeted })

  report('amplification', {
    title: 'Retries amplify',
    about:
      'Each layer tries a few times, and the bottom fails every call: calls at the bottom for each call of a user. A ' +
      'budget allows each layer one retry for ten calls (no floor). Users make 100 calls a second; the waits are full ' +
      'jitter’s. After “Site Reliability Engineering” (O’Reilly, 2016), chapters 21 and 22.',
    virtual: true,
    figures: { layers: LAYERS, attempts: ATTEMPTS, withoutBudget: without, withBudget: within },
    tables: [
      {
        caption: 'Calls at the bottom for each one at the top',
        rows: [
          ['attempts', ...depths.map((layers) => `${layers} layer${layers > 1 ? 's' : ''}`)],
          ...rows.flatMap(({ attempts, plain, budgeted }) => [
            [`${attempts}`, ...plain.map(times)],
            [`${attempts}, 10 % budgets`, ...budgeted.map(times)],
          ]),
        ],
      },
    ],
    claims: [
      { claim: `${LAYERS} layers of ${ATTEMPTS} attempts make 64 calls of one`, holds: without === 64 },
      { claim: 'with budgets of 10 % at most 1.1³ = 1.331', holds: within > 1.3 && within <= 1.1 ** 3 },
    ],
    plots: {
      amplification: plot({
        title: 'Calls at the bottom for each call at the top, when all fail',
        x: { label: 'layers that retry', ticks: depths },
        y: { label: 'times', ticks: [1, 4, 16, 64, 256], log: true },
        series: series.map(({ label, values }) => ({ label, points: values.map((it, i) => [depths[i]!, it]) })),
      }),
    },
  })
}

if (process.argv[1] === import.meta.filename) await main(6_000)
