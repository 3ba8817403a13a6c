/*
 * The contention of "Exponential Backoff And Jitter" (Marc Brooker, AWS Architecture Blog, 2015): clients change one row
 * that has a version. Each reads it and writes it back; whose version is no longer the row's has to wait and begin again.
 * The model is that of its simulator, with the chapter's own backoffs, seeded, in virtual time:
 *
 *     npm run bench jitter
 */
import { contend, mean, strategies, type Strategy } from './contention.ts'
import { plot, stack } from '../stage/plot.ts'
import { report } from './report.ts'

/** With 100 clients; from the article's simulator, the mean of 100 trials. */
const KNOWN: Record<Strategy, { calls: number; ms: number }> = {
  none: { calls: 2425, ms: 2035 },
  exponential: { calls: 1859, ms: 63_575 },
  equal: { calls: 812, ms: 6664 },
  full: { calls: 796, ms: 4834 },
  decorrelated: { calls: 1004, ms: 4575 },
  'decorrelated, as published': { calls: 1004, ms: 4575 },
}

const names = Object.keys(strategies) as Strategy[]
const CLIENTS = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]

async function main(trials: number): Promise<void> {
  const means = new Map<Strategy, { calls: number; ms: number }[]>()
  for (const name of names) {
    const row = []
    for (const clients of CLIENTS) row.push(await mean(name, clients, trials))
    means.set(name, row)
  }
  const rows = names.map((name) => ({ name, ...means.get(name)!.at(-1)!, known: KNOWN[name] }))
  const isNear = (ours: number, known: number) => Math.abs(ours / known - 1) < 0.05
  const published = rows.filter(({ name }) => name !== 'decorrelated')
  const fewest = Math.min(...rows.map(({ calls }) => calls))
  const over = (title: string, y: { label: string; ticks: number[]; log?: boolean }, key: 'calls' | 'ms') =>
    plot({
      title,
      x: { label: 'clients that begin in one instant', ticks: [0, 20, 40, 60, 80, 100] },
      y,
      series: names
        .slice(0, 5)
        .map((label) => ({ label, points: means.get(label)!.map((it, i) => [CLIENTS[i]!, it[key]]) })),
    })

  report('jitter', {
    title: 'Exponential backoff and jitter',
    about:
      '100 clients change one row; who finds it changed waits and begins again (Marc Brooker, AWS Architecture Blog, ' +
      '2015). A call is a write; the time is until the last client is done. Known: the figures of the article’s own ' +
      'simulator. Our decorrelated jitter caps what is drawn from, and not what was drawn, which saves time.',
    virtual: true,
    figures: Object.fromEntries(
      rows.slice(0, 5).flatMap(({ name, calls, ms }) => [
        [`${name}Calls`, calls],
        [`${name}Ms`, ms],
      ]),
    ),
    tables: [
      {
        caption: '100 clients, 100 trials',
        rows: [
          ['backoff', 'calls', 'known', 'ms', 'known'],
          ...rows.map(({ name, calls, ms, known }) => [name, calls, known.calls, ms, known.ms]),
        ],
      },
    ],
    claims: [
      ...published.map(({ name, calls, ms, known }) => ({
        claim: `${name}: calls and time within 5 % of the article’s simulator`,
        holds: isNear(calls, known.calls) && isNear(ms, known.ms),
      })),
      { claim: 'full jitter makes the fewest calls', holds: rows[names.indexOf('full')]!.calls === fewest },
    ],
    plots: {
      jitter: over('Calls until all are done', { label: 'calls', ticks: [0, 500, 1000, 1500, 2000, 2500] }, 'calls'),
      'jitter-time': over(
        'Time until all are done',
        { label: 'ms, each line ten times the one below', ticks: [100, 1000, 10_000, 100_000], log: true },
        'ms',
      ),
      'jitter-herd': await herd(),
    },
  })
}

/** One trial each: whether the clients still come all at once. */
async function herd(): Promise<string> {
  const BIN_MS = 10
  const END_MS = 4000
  const panels = []
  for (const name of ['none', 'exponential', 'full'] as const) {
    const { writesAt } = await contend(strategies[name], 100, 1)
    const bins = new Map<number, number>()
    for (const at of writesAt.filter((at) => at < END_MS)) {
      const bin = Math.floor(at / BIN_MS) * BIN_MS
      bins.set(bin, (bins.get(bin) ?? 0) + 1)
    }
    panels.push({
      title: { none: 'No backoff', exponential: 'Exponential backoff', full: 'Exponential backoff, full jitter' }[name],
      x: { label: 'ms', ticks: [0, 1000, 2000, 3000, END_MS] },
      y: { label: `calls in ${BIN_MS} ms`, ticks: [0, 20, 40, 60] },
      series: [{ label: '', points: [...bins], dots: true }],
      height: 300,
    })
  }
  return stack(panels)
}

if (process.argv[1] === import.meta.filename) await main(100)
