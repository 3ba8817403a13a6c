import { describe, expect, test } from 'vitest'
import { excerptOf, type Region } from './excerpt.ts'

const source = `import { sleep } from './sleep.ts'

/** Not shown. */
export async function patient<T>(
  work: () => Promise<T>,
): Promise<T> {
  const stop = () => {
    // why
    halt()
  }

  try {
    return await work()
  } finally {
    stop()
  }
}

export class Breaker {
  #open = false
  run(): boolean {
    return this.#open
  }
}

const limit = 3
`

const cut = (region: Partial<Region>, text = source) =>
  excerptOf({ file: 'patient.ts', symbol: 'patient', show: [], steps: [], ...region }, text)

describe('a region', () => {
  test('is a declaration with its export, without its documentation', () => {
    const { lines } = cut({})
    expect(lines[0]).toBe('export async function patient<T>(')
    expect(lines.at(-1)).toBe('}')
    expect(lines).toHaveLength(14)
  })

  test('is a member, at the left margin', () => {
    expect(cut({ symbol: 'Breaker.run' }).lines).toEqual(['run(): boolean {', '  return this.#open', '}'])
    expect(cut({ symbol: 'Breaker.open' }).lines).toEqual(['#open = false'])
  })

  test('is what a function has inside', () => {
    expect(cut({ symbol: 'patient.stop' }).lines).toEqual(['const stop = () => {', '  // why', '  halt()', '}'])
  })

  test('is a constant, or the whole file', () => {
    expect(cut({ symbol: 'limit' }).lines).toEqual(['const limit = 3'])
    expect(cut({ symbol: undefined }).lines.join('\n')).toBe(source.trimEnd())
  })

  test('is lines of what is not TypeScript', () => {
    const yaml = 'spec:\n  probe: 1\n  grace: 2\n  other: 3\n  more: 4\n'
    const region = { file: 'pod.yaml', symbol: undefined, show: ['probe', 'more'], steps: ['more'] }
    expect(cut(region, yaml)).toEqual({ lines: ['probe: 1', '# …', 'more: 4'], steps: [[2]] })
  })
})

describe('what is shown of it', () => {
  test('is a whole statement, by how it begins', () => {
    expect(cut({ show: ['const stop'] }).lines).toEqual(['const stop = () => {', '  // why', '  halt()', '}'])
  })

  test('is all from one line to the end of another statement', () => {
    expect(cut({ show: ['export async … ): Promise'] }).lines).toHaveLength(3)
    expect(cut({ show: ['// why … halt'] }).lines).toEqual(['// why', 'halt()'])
  })

  test('is parts, with a mark for what was left out between them', () => {
    expect(cut({ show: ['halt()', 'stop()'] }).lines).toEqual(
      ['  halt()', '  // …', 'stop()'].map((line) => line.trim()),
    )
  })

  test('is pointed at by the lines of the slide', () => {
    const { steps } = cut({ show: ['const stop', 'try'], steps: ['halt()', 'const stop + stop()', '} finally … }'] })
    expect(steps).toEqual([[2], [0, 1, 2, 3, 8], [7]])
  })
})

test.for([
  [{ symbol: 'impatient' }, 'has no "impatient"'],
  [{ symbol: 'Breaker.walk' }, 'has no "Breaker.walk"'],
  [{ show: ['const start'] }, 'has no line "const start" in what the slide shows of it'],
  [{ show: ['const stop'], steps: ['return await'] }, 'has no line "return await" in what the slide shows of it'],
  [{ show: ['}'] }, 'has more than one line "}": give more of the one that you mean'],
] as const)('%j is an error, and not something else', ([region, message]) => {
  expect(() => cut(region as Partial<Region>)).toThrow(message)
})
