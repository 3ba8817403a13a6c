import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Trouble } from '../core/trouble.ts'
import { playDay } from './day.ts'
import type { Recording, Request } from '../stage/incidents/grade.ts'
import { htmlOf } from './html.ts'
import { scripts } from '../stage/incidents/scripts.ts'
import { readOptions } from './options.ts'
import type { Played } from '../stage/incidents/play.ts'
import { markdownOf } from './results.ts'
import { conclusionOf, EXIT_CODES, scoreOf, totalOf } from './score.ts'
import { NoVerdict } from '../stage/incidents/subject.ts'
import { tableOf } from './table.ts'

const script = scripts[0]!

/** Made up: the reference is perfect, yours hangs. */
function played({ saturated = false, mine = true } = {}): Played {
  const requests = (change: Partial<Request>): Request[] =>
    Array.from({ length: 200 }, (_, i) => ({ dueS: i / 10, tookMs: 12, outcome: 'full', ...(i >= 50 && change) }))
  const recording = (change: Partial<Request> = {}): Recording => ({
    requests: requests(change),
    arrived: { pigeon: 100 },
    attempts: 1000,
    hedges: 40,
  })
  const hangs = recording({ outcome: 'failed', tookMs: 10_000 })
  return {
    script,
    phases: { baseline: [0, 5], fault: [5, 15], recovery: [15, 20] },
    sides: { ...(mine && { yours: hangs }), reference: recording() },
    delayMs: saturated ? 45 : 3,
    saturated,
  }
}
const scored = (options?: Parameters<typeof played>[0]) => scoreOf(played(options))

describe('the verdict', () => {
  test('is about yours where that was played, and about the reference otherwise', () => {
    expect(totalOf({ all: [scored()] })).toBe('failed')
    expect(totalOf({ all: [scored({ mine: false })] })).toBe('passed')
    expect(EXIT_CODES[totalOf({ all: [scored()] })]).toBe(1)
  })

  test('is none as soon as one incident says more of the machine than of the code', () => {
    const all = [scored({ mine: false }), scored({ saturated: true })]
    expect(totalOf({ all })).toBe('no verdict')
    expect(EXIT_CODES[totalOf({ all })]).toBe(2)
    expect(conclusionOf({ all })).toMatch(/^No verdict: .*01: 45 ms/)
  })

  test('is none when an incident has ended for a reason that is not in the code, and those before are still told', () => {
    const lost = { script: scripts[3]!, why: new NoVerdict('Its carriers do not answer') }
    const day = { all: [scored({ mine: false })], lost }
    expect(EXIT_CODES[totalOf(day)]).toBe(2)
    const conclusion =
      'No verdict: 04 A dead carrier was not played to its end. Its carriers do not answer\n' +
      'Before that: The reference passes 1 of 1.'
    expect(conclusionOf(day)).toBe(conclusion)
    const html = htmlOf(day, 'a run')
    expect(html).toContain(`class="warning"><strong>${conclusion}`)
    expect(html).toContain('<h2>01 A carrier hangs: passed</h2>')
    expect(conclusionOf({ all: [], lost })).toMatch(/^No verdict: 04 .*do not answer$/)
  })

  test('is "failed" when a Parcel does not start', () => {
    const lost = { script, why: new Trouble('Your Parcel does not start') }
    expect(EXIT_CODES[totalOf({ all: [], lost })]).toBe(1)
    expect(conclusionOf({ all: [], lost })).toBe(
      '01 A carrier hangs was not played to its end. Your Parcel does not start',
    )
  })
})

test('a day ends with the incident that is lost, keeps what came before, and hides no mistake of ours', async () => {
  const asked: string[] = []
  const told: string[] = []
  const why = new NoVerdict('Its carriers do not answer')
  const play = (error: Error) =>
    playDay(
      scripts.slice(0, 3),
      async ({ id }) => {
        asked.push(id)
        if (id === '02') throw error
        return played()
      },
      (one) => told.push(one.played.script.id),
    )
  expect(await play(why)).toEqual({ all: [scored()], lost: { script: scripts[1], why } })
  expect([asked, told]).toEqual([['01', '02'], ['01']])
  await expect(play(new TypeError('a mistake of ours'))).rejects.toThrow('a mistake of ours')
})

test('the table says yours, the reference and the line, and what misses it by a sign', () => {
  const lines = stripVTControlCharacters(tableOf(scored())).split('\n')
  expect(lines[0]).toMatch(/^01 {2}A carrier hangs +yours +reference +line$/)
  expect(lines[1]).toMatch(/^ {2}success +✗ 0\.0 % +✓ 100\.0 % +≥ 99\.0 %$/)
  expect(lines[2]).toMatch(/^ {2}p99 +✗ 10\.0 s +✓ 12 ms +≤ 1\.5 s$/)
  expect(lines[3]).toMatch(/^ {2}recovery +✗ not seen +✓ 0 s +≤ 2 s$/)
  expect(lines[4]).toBe('  failed')
})

test('a Parcel that has crashed is told with its error', () => {
  const crashed = played()
  crashed.sides.yours!.crash = ['exercises/03-retry/retry.ts:12', 'TypeError: budget is not a <function>']
  expect(tableOf(scoreOf(crashed))).toContain('yours has crashed: exercises/03-retry/retry.ts:12\nTypeError')
  expect(htmlOf({ all: [scoreOf(crashed)] }, 'a run')).toContain('budget is not a &lt;function>')
})

describe('the report', () => {
  test('needs nothing from anywhere', () => {
    const html = htmlOf({ all: [scored()] }, 'npm run gameday mine')
    expect(html).not.toMatch(/https?:|<script|<link|<img|@import|url\(|src=|href=/i)
  })

  test('draws both sides, with what failed and while something was wrong', () => {
    const html = htmlOf({ all: [scored()] }, 'a run')
    expect(html.match(/<svg/g)).toHaveLength(4)
    expect(html.match(/class="failed"/g)).toHaveLength(15)
    expect(html.match(/class="fault"/g)).toHaveLength(4)
    expect(html).not.toMatch(/NaN|undefined|Infinity/)
  })

  test('says so when it is about the machine', () => {
    expect(htmlOf({ all: [scored({ saturated: true })] }, 'a run')).toContain('class="warning"><strong>No verdict')
    expect(htmlOf({ all: [scored()] }, 'a run')).not.toContain('class="warning"')
  })
})

test('the document that is kept says command, verdicts and every number', () => {
  const text = markdownOf([scored()], 'npm run gameday mine, 2026-01-02')
  expect(text).toContain('npm run gameday mine, 2026-01-02')
  expect(text).toContain('yours: failed, reference: passed; the generator was 3 ms late')
  expect(text).toContain('| success | ✗ 0.0 % | ✓ 100.0 % | ≥ 99.0 % |')
})

describe('the command line', () => {
  test('is the reference and all incidents, unless it says otherwise', () => {
    expect(readOptions([])).toEqual({ sides: ['reference'], scripts, seed: 1, save: false })
    const { sides, scripts: chosen, seed } = readOptions(['mine', '--only', '4', '--only', 'finale', '--seed', '7'])
    expect({ sides, chosen: chosen.map(({ id }) => id), seed }).toEqual({
      sides: ['yours', 'reference'],
      chosen: ['04', 'finale'],
      seed: 7,
    })
  })

  test.for([
    [['--only', '99'], /There is no incident "99"\. There are: 01, .*finale/],
    [['--seed', 'x'], /--seed takes a whole number, not "x"/],
    [['yours'], /There is "mine", and no "yours"/],
    [['--fast'], /--fast[^]*Usage/],
  ] as const)('says what is wrong about %s', ([args, message]) => {
    expect(() => readOptions([...args])).toThrow(message)
  })
})
