import { describe, expect, test } from 'vitest'
import { figuresOf, gradesOf, type Phases, recoveryOf, type Request } from './grade.ts'
import { scripts } from './scripts.ts'
import { linesOf, type NumberName } from './lines.ts'

const phases: Phases = { baseline: [0, 5], fault: [5, 10], recovery: [10, 16] }

/** Ten requests a second, all alike, or as `what` says of the second. */
const traffic = (what: (second: number) => Partial<Request> = () => ({})): Request[] =>
  Array.from({ length: 160 }, (_, i) => ({
    dueS: i / 10,
    tookMs: 20,
    outcome: 'full' as const,
    ...what(Math.floor(i / 10)),
  }))

const recording = (requests: Request[]) => ({ requests, arrived: {}, attempts: 0, hedges: 0 })

describe('figures', () => {
  test('are those of the requests that were due while something was wrong', () => {
    const requests = traffic((second) => (second >= 5 && second < 10 ? { outcome: 'partial', tookMs: 200 } : {}))
    requests[60]!.outcome = 'failed'
    const { success, full, p50Ms, failed } = figuresOf(recording(requests), phases)
    expect({ success, full, failed }).toEqual({ success: 0.98, full: 0, failed: 1 })
    expect(p50Ms).toBeCloseTo(200, 0)
  })

  test('of the carriers are told by request: the busiest counts, and hedges by attempts that are none', () => {
    const arrived = { pigeon: 50, swift: 150 }
    const figures = figuresOf({ requests: traffic(), arrived, attempts: 110, hedges: 10 }, phases)
    expect(figures).toMatchObject({ amplification: 3, extraLoad: 0.1 })
  })

  test('of a Parcel that was never asked are bad, and numbers', () => {
    const figures = figuresOf(recording([]), phases)
    expect(figures).toMatchObject({ success: 0, full: 0, amplification: 0, extraLoad: 0, recoveryS: Infinity })
  })
})

test('what is owed takes until it was last seen to be, in whole seconds; to the end is for ever', () => {
  const owedS = (owedUntilS?: number) =>
    figuresOf({ ...recording([]), ...(owedUntilS && { owedUntilS }) }, phases).owedS
  expect([owedS(), owedS(9), owedS(12.2), owedS(15.5)]).toEqual([0, 0, 3, Infinity])
})

describe('recovery', () => {
  test('takes no time when the fault leaves nothing behind', () => {
    expect(recoveryOf(traffic(), phases)).toBe(0)
  })

  test('takes until nothing fails', () => {
    expect(
      recoveryOf(
        traffic((second) => (second >= 5 && second < 13 ? { outcome: 'failed' } : {})),
        phases,
      ),
    ).toBe(3)
  })

  test('takes until p99 is half as much again as it was, at most', () => {
    const slow = (tookMs: number) => traffic((second) => ({ tookMs: second < 5 ? 400 : second < 12 ? tookMs : 400 }))
    expect(recoveryOf(slow(590), phases)).toBe(0)
    expect(recoveryOf(slow(610), phases)).toBe(2)
  })

  test('forgives what is a few milliseconds, however many times the baseline that is', () => {
    expect(
      recoveryOf(
        traffic((second) => ({ tookMs: second < 10 ? 10 : 100 })),
        phases,
      ),
    ).toBe(0)
  })

  test('was not seen when it is not over by the end', () => {
    expect(
      recoveryOf(
        traffic((second) => (second >= 5 && second < 15 ? { outcome: 'failed' } : {})),
        phases,
      ),
    ).toBe(Infinity)
  })
})

describe('lines', () => {
  test('are there for every incident, each with its reason, and for no other', () => {
    for (const { id } of scripts) {
      expect(linesOf(id).length, `incident ${id}`).toBeGreaterThan(2)
      for (const [name, { because }] of linesOf(id)) expect(because, `${id} ${name}`).toMatch(/\w+ \w+/)
    }
    expect(linesOf('00')).toEqual([])
  })

  test('hold for who reaches them exactly', () => {
    const exact = Object.fromEntries(
      linesOf('06').map(([name, bound]) => [name, 'atLeast' in bound ? bound.atLeast : bound.atMost]),
    ) as Record<NumberName, number>
    expect(gradesOf('06', exact).map(({ holds }) => holds)).not.toContain(false)
    const worse = gradesOf('06', { ...exact, success: exact.success - 0.001, p99Ms: exact.p99Ms + 1 })
    expect(worse.filter(({ holds }) => !holds).map(({ name }) => name)).toEqual(['p99Ms', 'success'])
  })
})
