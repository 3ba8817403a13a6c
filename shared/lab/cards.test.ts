import { setImmediate } from 'node:timers/promises'
import { beforeEach, expect, test, vi } from 'vitest'
import { Cards } from './cards.ts'

interface Run {
  number: string
  dropped: boolean
  end(): void
}
/** What has been started, and the chapters of which nothing has changed since they ran. */
const { runs, fresh } = vi.hoisted(() => ({ runs: [] as Run[], fresh: new Set<string>() }))

vi.mock('../manifest/progress.ts', () => ({
  isFresh: ({ number }: { number: string }) => fresh.has(number),
  readProgress: () => undefined,
}))
vi.mock('../stage/child.ts', () => ({
  startChild([, , number = '']: string[]) {
    const { promise: exited, resolve } = Promise.withResolvers<string[]>()
    const run: Run = { number, dropped: false, end: () => resolve([]) }
    runs.push(run)
    const drop = () => {
      run.dropped = true
      run.end()
      return exited
    }
    return { process: {}, exited, drop }
  },
}))

beforeEach(() => {
  runs.length = 0
  fresh.clear()
})

/** The run that is under way comes to its end, and as a rule its results are kept. */
async function runEnds({ kept = true } = {}) {
  const { number, end } = runs.at(-1)!
  if (kept) fresh.add(number)
  end()
  await setImmediate()
}
const started = () => runs.map(({ number }) => number)
const running = (cards: Cards) => cards.state().flatMap(({ number, running }) => (running ? number : []))

test('runs every chapter once, in their order and one at a time', async () => {
  const cards = new Cards()
  const numbers = cards.state().map(({ number }) => number)
  expect(numbers.slice(0, 4)).toEqual(['01', '02', '03', '04'])
  cards.refresh()
  for (const [index, number] of numbers.entries()) {
    expect(started()).toEqual(numbers.slice(0, index + 1))
    expect(running(cards)).toEqual([number])
    await runEnds()
  }
  expect([started(), running(cards)]).toEqual([numbers, []])
})

test('what is fresh when its turn comes is not run', async () => {
  fresh.add('01').add('03')
  new Cards().refresh()
  expect(started()).toEqual(['02'])
  // Somebody else has run it meanwhile.
  fresh.add('04')
  await runEnds()
  expect(started()).toEqual(['02', '05'])
})

test('a chapter that is saved is the next, however often it is saved, and the others keep their order', async () => {
  const cards = new Cards()
  cards.refresh()
  cards.saved('04')
  cards.saved('04')
  expect(started(), 'the run of another chapter goes on').toEqual(['01'])
  await runEnds()
  await runEnds({ kept: false })
  await runEnds()
  expect(started(), 'whatever has become of its run').toEqual(['01', '04', '02', '03'])
  expect(runs.some(({ dropped }) => dropped)).toBe(false)
})

test('a chapter that is saved while it runs is run anew at once', async () => {
  const cards = new Cards()
  cards.refresh()
  cards.saved('01')
  await setImmediate()
  expect(runs).toMatchObject([
    { number: '01', dropped: true },
    { number: '01', dropped: false },
  ])
  await runEnds()
  expect(started()).toEqual(['01', '01', '02'])
})

test('a save in a folder that is no chapter runs nothing', () => {
  new Cards().saved('00')
  expect(started()).toEqual([])
})

test('once closed, the run under way has ended, and no other begins', async () => {
  const cards = new Cards()
  cards.refresh()
  await cards.close()
  expect(runs).toMatchObject([{ number: '01', dropped: true }])
  cards.saved('02')
  await setImmediate()
  expect(started()).toEqual(['01'])
})
