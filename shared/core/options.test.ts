import { expect, test } from 'vitest'
import { checkOptions, count, durationMs, instant, limitMs, share } from './options.ts'

test('an option out of bounds is named, with what it takes and what it got', () => {
  const rules = { attempts: count, timeoutMs: limitMs, windowMs: durationMs, ratio: share, deadline: instant }
  const right = { attempts: 1, timeoutMs: Infinity, windowMs: 1, ratio: 0, deadline: -Infinity }
  expect(() => checkOptions(right, rules)).not.toThrow()
  const wrong = { attempts: 2.5, timeoutMs: '50', windowMs: Infinity, ratio: 1.1, deadline: NaN }
  for (const [name, value] of Object.entries(wrong)) {
    const use = () => checkOptions({ ...right, [name]: value }, rules)
    expect(use, name).toThrow(RangeError)
    expect(use, name).toThrow(new RegExp(`^${name} must be .*; got .*${value}`))
  }
})
