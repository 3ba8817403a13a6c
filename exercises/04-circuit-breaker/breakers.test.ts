import { breakerPerEndpoint } from '#chapters/04-circuit-breaker/breakers.ts'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { outcomeOf } from '../../shared/testing/outcome.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

const works = async () => 'a quote'
const fails = async () => Promise.reject(new Error('503'))

describe('Step 11: One for each endpoint', () => {
  test('does not let one dead endpoint take the others with it', async () => {
    const breakerFor = breakerPerEndpoint({ consecutiveFailures: 3 })
    for (let i = 0; i < 3; i++) {
      await outcomeOf(breakerFor('http://pigeon').execute(fails))
      await outcomeOf(breakerFor('http://swift').execute(works))
    }
    for (let i = 0; i < 2; i++) await outcomeOf(breakerFor('http://kestrel').execute(fails))
    const states = ['pigeon', 'swift', 'kestrel'].map((name) => breakerFor(`http://${name}`).state.status)
    expect(states, 'pigeon has failed three times, swift never, kestrel twice').toEqual(['open', 'closed', 'closed'])
  })

  test('gives an endpoint the same breaker each time, under its name', async () => {
    const onChange = vi.fn()
    const breakerFor = breakerPerEndpoint({ consecutiveFailures: 1, onChange })
    await outcomeOf(breakerFor('http://pigeon').execute(fails))
    expect(
      onChange.mock.calls.map(([{ name }]) => name),
      'whose breaker was it?',
    ).toEqual(['http://pigeon'])
    expect(breakerFor('http://pigeon'), 'a new breaker for each call never sees two failures').toBe(
      breakerFor('http://pigeon'),
    )
    expect(breakerFor('http://pigeon')).not.toBe(breakerFor('http://swift'))
  })

  test('refuses nonsense at once, and not with the first call', () => {
    expect(() => breakerPerEndpoint({ failureRate: 50 }), 'the first call is in production').toThrow(RangeError)
  })
})
