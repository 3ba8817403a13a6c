import { describe, expect, test } from 'vitest'
import { withFiles } from '../../testing/tree.ts'
import { compare, type Mutant, readExplanations, recordSurvivors, survivorOf } from './survivors.ts'

const source = `export function left(ms: number) {
  if (ms > 0) return ms
  while (ms < 0) {
    ms++
  }
}
`
const mutant = (from: [number, number], to: [number, number], replacement: string): Mutant => ({
  fileName: '/repo/solutions/01-doubling/left.ts',
  location: { start: { line: from[0], column: from[1] }, end: { line: to[0], column: to[1] } },
  replacement,
  status: 'Survived',
})

describe('a survivor', () => {
  test('is its line, with what was changed in it', () => {
    expect(survivorOf(mutant([2, 7], [2, 13], 'ms >= 0'), source)).toEqual({
      file: 'left.ts',
      line: 2,
      mutation: 'if ([ms > 0 → ms >= 0]) return ms',
    })
  })

  test('that goes over several lines is told in one, whatever ends them', () => {
    const removed = mutant([3, 18], [5, 4], '{}')
    expect(survivorOf(removed, source).mutation).toBe('while (ms < 0) [{ ms++ } → {}]')
    expect(survivorOf(removed, source.replaceAll('\n', '\r\n')).mutation).toBe('while (ms < 0) [{ ms++ } → {}]')
  })

  test('that is long is told by its beginning', () => {
    const body = `{ ${'work(); '.repeat(50)}}`
    const { mutation } = survivorOf(mutant([1, 1], [1, body.length + 1], '{}'), body)
    expect(mutation).toMatch(/^\[\{ work\(\); .*… → \{\}\]$/)
    expect(mutation.length).toBeLessThan(100)
  })
})

describe('explanations', () => {
  const survivor = { file: 'left.ts', line: 2, mutation: 'if ([ms > 0 → ms >= 0]) return ms' }
  const { file, mutation } = survivor

  test('hold wherever the line has moved, and for each place that reads alike', () => {
    const explanations = { [file]: { [mutation]: 'equivalent: 0 is 0' } }
    expect(compare([survivor, { ...survivor, line: 99 }], explanations)).toEqual({ unexplained: [], outdated: [] })
  })

  test('are missed: none, an empty one, or one for another file', () => {
    for (const explanations of [{}, { [file]: { [mutation]: ' ' } }, { 'right.ts': { [mutation]: 'equivalent' } }])
      expect(compare([survivor], explanations).unexplained, JSON.stringify(explanations)).toEqual([survivor])
  })

  test('of what has not survived are outdated', () => {
    const explanations = { [file]: { [mutation]: 'equivalent: 0 is 0' } }
    expect(compare([], explanations).outdated).toEqual([{ file, mutation }])
    expect(compare([], explanations, [survivor]).outdated, 'it timed out: on a busy machine, a survivor may').toEqual(
      [],
    )
  })

  test('are read from survivors.json; without one there are none, and a broken one is told by its name', () =>
    withFiles({ 'a/survivors.json': '{ "left.ts": {} }', 'b/survivors.json': '{' }, async (base) => {
      expect(readExplanations('a', base)).toEqual({ 'left.ts': {} })
      expect(readExplanations('c', base)).toEqual({})
      expect(() => readExplanations('b', base)).toThrow('b/survivors.json is not JSON')
    }))

  test('are kept when the survivors are recorded; what is new waits for its reason, and the rest goes', () => {
    const reasons = { [mutation]: 'equivalent: 0 is 0', 'while ([true → false])': 'not any more' }
    return withFiles({ 'a/survivors.json': JSON.stringify({ [file]: reasons }) }, async (base) => {
      recordSurvivors('a', [survivor, { ...survivor, mutation: '[a → b]' }], base)
      expect(readExplanations('a', base)).toEqual({ [file]: { [mutation]: 'equivalent: 0 is 0', '[a → b]': '' } })
    })
  })
})
