import { expect, test } from 'vitest'
import { completeFault } from '../../carriers/faults.ts'
import { chapters } from '../../manifest/chapters.ts'
import { isWritten } from '../../manifest/target.ts'
import { readConfig } from '../../service/config.ts'
import { incidents } from './incidents.ts'
import { linesOf } from './lines.ts'
import { onTrial, scripts } from './scripts.ts'
import { ALL, NONE } from '../solved.ts'

test('each is of a chapter that is there, in their order, one at most for each', () => {
  const numbers = chapters.filter((chapter) => isWritten(chapter)).map(({ number }) => number)
  const theirs = incidents.map(({ chapter }) => chapter)
  expect(theirs).toEqual(numbers.filter((number) => theirs.includes(number)))
  expect(new Set(incidents.map(({ id }) => id)).size).toBe(incidents.length)
})

test.for(incidents)('sets up what exists: $title', ({ faults, env, point, lit }) => {
  for (const { fault } of faults) expect(() => completeFault({ ...fault })).not.toThrow()
  expect(() => readConfig({ ...env })).not.toThrow()
  if (lit === 'in-flight' || lit === 'retries' || lit === 'breakers')
    expect(faults.map(({ carrier }) => carrier)).toContain(point.carrier)
})

test('has a script, in which its chapter alone is on trial, and lines to reach; all at once in the finale', () => {
  expect(scripts.map(({ id }) => id)).toEqual([...incidents.map(({ chapter }) => chapter), 'finale'])
  for (const script of scripts) {
    const [missing, ...more] = ALL.filter((number) => !onTrial(script).includes(number))
    if (script.id === 'finale') expect(onTrial(script)).toEqual(NONE)
    else expect([missing, more]).toEqual([script.id, []])
    expect(linesOf(script.id).length, script.id).toBeGreaterThan(1)
  }
})
