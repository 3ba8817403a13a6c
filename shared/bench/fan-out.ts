/*
 * "If a user request must collect responses from 100 such servers in parallel, then 63 % of user requests will take more
 * than one second", though of the servers only one in a hundred does (Dean and Barroso, "The Tail at Scale", 2013):
 *
 *     npm run bench fan-out
 */
import { type Random, seededRandom } from '../core/random.ts'
import { plot } from '../stage/plot.ts'
import { report } from './report.ts'
import { percent } from '../stage/table.ts'

/** The share of requests to so many leaves, of which at least one is slower than 99 % of the leaves are. */
export function slowShare(leaves: number, requests: number, random: Random): number {
  let slow = 0
  for (let i = 0; i < requests; i++) {
    let quick = 0
    while (quick < leaves && random() <= 0.99) quick++
    if (quick < leaves) slow++
  }
  return slow / requests
}

const law = (leaves: number) => 1 - 0.99 ** leaves

function main(requests: number): void {
  const random = seededRandom(3)
  const measured = [1, 5, 10, 20, 50, 100, 200].map((leaves) => ({
    leaves,
    share: slowShare(leaves, requests, random),
  }))
  const [five, hundred] = [5, 100].map((leaves) => measured.find((it) => it.leaves === leaves)!.share) as [
    number,
    number,
  ]
  report('fan-out', {
    title: 'The fan-out tail',
    about:
      'A request asks so many leaves at once, each of which is slow one time in a hundred: how many requests meet a slow ' +
      `one. ${requests.toLocaleString('en')} requests for each number, seeded. Known: 63 % of 100 (Dean and Barroso, “The Tail at Scale”, 2013).`,
    virtual: true,
    figures: { slowOf5: five, slowOf100: hundred, lawOf100: law(100) },
    tables: [
      {
        caption: 'Requests that meet a slow leaf',
        rows: [
          ['leaves', ...measured.map(({ leaves }) => String(leaves))],
          ['1 − 0.99^leaves', ...measured.map(({ leaves }) => percent(law(leaves)))],
          ['measured', ...measured.map(({ share }) => percent(share))],
        ],
      },
    ],
    claims: [{ claim: '63 % with a hundred leaves', holds: Math.abs(hundred - law(100)) < 0.005 }],
    plots: {
      'fan-out': plot({
        title: 'Requests that meet a leaf as slow as one in a hundred is',
        x: { label: 'leaves asked at once', ticks: [0, 50, 100, 150, 200] },
        y: { label: 'share of requests', ticks: [0, 0.25, 0.5, 0.75, 1], format: (share) => percent(share, 0) },
        series: [
          { label: '1 − 0.99ⁿ', points: Array.from({ length: 201 }, (_, leaves) => [leaves, law(leaves)]) },
          { label: 'measured', points: measured.map(({ leaves, share }) => [leaves, share]), dots: true },
        ],
      }),
    },
  })
}

if (process.argv[1] === import.meta.filename) main(100_000)
