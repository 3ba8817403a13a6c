import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { plot } from '../stage/plot.ts'
import { summarize } from './profile.ts'
import { programs } from './programs.ts'
import { describeClaim, type Result, results } from './report.ts'
import { asMarkdown, savedResults } from './results.ts'
import { median, ratio, takeTurns } from './rounds.ts'
import { markdownTable } from '../stage/table.ts'

const names = Object.keys(programs)

describe('What was saved', () => {
  const saved = savedResults(names)

  test.for(saved.map((result): [string, Result] => [result.name, result]))('%s is whole', ([name, result]) => {
    for (const [key, value] of Object.entries(result.figures)) expect(value, `the figure ${key}`).toBeTypeOf('number')
    for (const file of result.plots) expect(readdirSync(results), `--save writes it`).toContain(`${file}.svg`)
    expect(result.command).toBe(`npm run bench ${name} -- --save`)
    expect(result.date).toMatch(/^\d{4}-\d\d-\d\d$/)
    expect(result.machine.cores).toBeGreaterThan(0)
    expect(result.versions.node).toMatch(/^\d+\.\d+\.\d+$/)
  })

  test('is what RESULTS.md says', () => {
    const document = readFileSync(new URL('RESULTS.md', import.meta.url), 'utf8').replaceAll('\r\n', '\n')
    expect(document, 'it is written by `npm run bench <name> -- --save`, and not by hand').toBe(asMarkdown(saved))
  })

  test('belongs to a program that is there', () => {
    for (const name of names) expect(existsSync(new URL(`${name}.ts`, import.meta.url)), `${name}.ts`).toBe(true)
    const orphans = readdirSync(results).filter((file) => file.endsWith('.json') && !names.includes(file.slice(0, -5)))
    expect(orphans, 'results without a program').toEqual([])
  })
})

test('a missed line is said, with its reason if there is one', () => {
  expect(describeClaim({ claim: 'half', holds: true, because: 'of the clock' })).toBe('holds   half')
  expect(describeClaim({ claim: 'half', holds: false })).toBe('MISSES  half')
  expect(describeClaim({ claim: 'half', holds: false, because: 'of the clock' })).toBe('MISSES  half (of the clock)')
})

test('a table for a document keeps its columns, whatever is in them', () => {
  expect(
    markdownTable([
      ['', 'ms'],
      ['a|b', 7.4],
    ]),
  ).toBe('|  | ms |\n| --- | --: |\n| a\\|b | 7 |')
})

describe('Taking turns', () => {
  test('the median is the middle one, or the mean of the two in the middle', () => {
    expect(median([30, 1, 2])).toBe(2)
    expect(median([30, 1, 2, 4])).toBe(3)
  })

  test('the ratio is the median of the rounds, so that one slow moment hits both sides', () => {
    expect(ratio([10, 1000, 12], [20, 2000, 20])).toBe(0.5)
  })

  test('each subject has its share of each round, also one that fails', async () => {
    const calls = { quick: 0, failing: 0 }
    const times = await takeTurns(
      {
        quick: async () => void calls.quick++,
        failing: async () => {
          calls.failing++
          throw new Error('every time')
        },
      },
      3,
    )
    expect(Object.values(times).map(({ length }) => length)).toEqual([3, 3])
    // Both were warmed up, and then measured.
    for (const count of Object.values(calls)) expect(count).toBeGreaterThan(2500)
  })
})

describe('A plot', () => {
  const axes = { x: { label: 'calls', ticks: [0, 100] }, y: { label: 'ms', ticks: [1, 10, 100], log: true } }

  test('puts points by the scale: the middle of a logarithmic axis is the geometric mean', () => {
    const points: [number, number][] = [
      [0, 1],
      [50, 10],
      [100, 100],
    ]
    const svg = plot({ title: 'Three', ...axes, series: [{ label: '', points, dots: true }] })
    const ys = [...svg.matchAll(/cy="([\d.]+)"/g)].map(([, y]) => Number(y))
    expect(ys[1]).toBeCloseTo((ys[0]! + ys[2]!) / 2, 0)
    expect(ys[0]).toBeGreaterThan(ys[2]!)
  })

  // As wide as DejaVu Sans makes them on a slide, by Chromium's getComputedTextLength.
  test.for([
    ['opossum', 117],
    ['1 − 0.99ⁿ', 123],
    ['4, 10 % budgets', 213],
    ['5 % budget, no cancel', 291],
  ] as const)('has room for "%s" at the right edge', ([label, widthPx]) => {
    const svg = plot({ title: 'One', ...axes, series: [{ label, points: [[100, 50]] }] })
    const [, x] = /<text x="([\d.]+)"[^>]*font-weight="600">[^O]/.exec(svg)!
    expect(Number(x) + widthPx).toBeLessThanOrEqual(1000 - 8)
  })

  test.for([50, 1])('keeps labels apart that end in one place, at %i, above the axis, and takes any text', (end) => {
    const series = ['a < b', 'c & d', 'e'].map((label) => ({ label, points: [[100, end]] as [number, number][] }))
    const svg = plot({ title: 'One place', ...axes, series })
    expect(svg).toContain('a &lt; b')
    expect(svg).toContain('c &amp; d')
    const found = [...svg.matchAll(/y="([\d.]+)" font-weight="600">[ace]/g)].map(([, y]) => Number(y))
    const ys = found.toSorted((a, b) => a - b)
    expect(ys).toHaveLength(3)
    const [, axis] = /<path d="M90 (\d+)H[\d.]+" stroke="#222"/.exec(svg)!
    expect(ys[2], 'the lowest label is on the axis, or above it').toBeLessThanOrEqual(Number(axis) + 6)
    for (const [i, y] of ys.entries()) if (i > 0) expect(y - ys[i - 1]!).toBeGreaterThanOrEqual(20)
  })
})

test('a profile tells whose the time is, without what was only waiting', () => {
  const node = (id: number, functionName: string, url: string) => {
    return { id, callFrame: { functionName, url, scriptId: '0', lineNumber: 6, columnNumber: 0 } }
  }
  const root = new URL('../../', import.meta.url).href
  const nodes = [
    node(1, '(idle)', ''),
    node(2, 'retry', `${root}solutions/03-retry/retry.ts`),
    node(3, 'write', `${root}node_modules/@scope/name/lib/write.js`),
    node(4, 'emit', 'node:events'),
    node(5, '(garbage collector)', ''),
  ]
  const samples = [1, 2, 2, 3, 4, 5]
  const timeDeltas = [1000, 10, 20, 5, 3, 2]
  expect(summarize({ nodes, samples, timeDeltas, startTime: 0, endTime: 1040 })).toEqual({
    parts: { 'solutions/03-retry': 30, '@scope/name': 5, Node: 3, 'garbage collector': 2 },
    functions: { 'retry (03-retry/retry.ts:7)': 30, 'write (lib/write.js:7)': 5, 'emit (node:events:7)': 3 },
  })
})
