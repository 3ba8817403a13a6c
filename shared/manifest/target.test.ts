import { expect, test } from 'vitest'
import { chapters } from './chapters.ts'
import { isTooOld, wanted } from './node-version.mjs'
import { takeTargets, targetOf } from './target.ts'

const timeouts = { chapter: chapters[0], subject: 'exercises' }

test.for([
  '1',
  '01',
  'timeouts',
  '01-timeouts',
  './01-timeouts/',
  'exercises/01-timeouts',
  'exercises\\01-timeouts\\hints.md',
])('takes %s for chapter 01', (text) => expect(targetOf(text)).toEqual(timeouts))

test('takes a path in solutions/ for the solution', () => {
  expect(targetOf('solutions/01-timeouts/mistakes')).toEqual({ ...timeouts, subject: 'solutions' })
})

test.for(['', '0', '001', '00', 'time', 'shared/01-timeouts', '../01-timeouts', 'exercises', 'http.test.ts'])(
  'takes "%s" for no chapter',
  (text) => expect(targetOf(text)).toBeUndefined(),
)

test('takes chapters from the front of the arguments, and leaves the rest to Vitest', () => {
  expect(takeTargets(['01', 'http.test.ts', '-t', '02'])).toEqual({
    targets: [timeouts],
    rest: ['http.test.ts', '-t', '02'],
  })
  expect(takeTargets(['--reporter=dot'])).toEqual({ targets: [], rest: ['--reporter=dot'] })
})

test('names the chapters there are when asked for another', () => {
  expect(() => takeTargets(['00'])).toThrow('There is no chapter "00". There are: 01 timeouts, 02 graceful-shutdown')
})

test('knows when a Node is too old', () => {
  const [major = 0, minor = 0] = wanted.split('.').map(Number)
  expect([`v${major}.${minor}.0`, `${major}.${minor + 1}.0`, `${major + 1}.0.0`].map(isTooOld)).toEqual([
    false,
    false,
    false,
  ])
  expect([`v${major}.${minor - 1}.9`, `v${major - 1}.99.0`].map(isTooOld)).toEqual([true, true])
})
