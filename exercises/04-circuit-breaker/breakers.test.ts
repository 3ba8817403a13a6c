import { breakerPerEndpoint } from '#chapters/04-circuit-breaker/breakers.ts'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { outcomeOf } from '../../shared/testing/outcome.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

const works = async () => 'a quote'
const fails = async () => Promise.reject(new Error('503'))

describe('Step 12: One for each endpoint', () => {
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
    const same = breakerFor('http://pigeon') === breakerFor('http://pigeon')
    expect(same, 'the same breaker each time: a new one for each call never sees two failures').toBe(true)
    const origins = [
      'http://pigeon',
      'https://pigeon',
      'http://pigeon:8080',
      'pigeon at http://10.0.0.7',
      'pigeon',
      'Pigeon',
    ]
    const distinct = new Set(origins.map(breakerFor)).size
    expect(distinct, `breakers for ${origins.join(', ')}: whatever differs in its name is another endpoint`).toBe(
      origins.length,
    )
  })

  test('refuses nonsense at once, and not with the first call', () => {
    expect(() => breakerPerEndpoint({ failureRate: 50 }), 'the first call is in production').toThrow(RangeError)
  })
})
