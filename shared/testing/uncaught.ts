import { inspect } from 'node:util'
import { beforeEach, expect } from 'vitest'

const events = ['uncaughtException', 'unhandledRejection'] as const
const uncaught: unknown[] = []

/**
 * For a suite whose code runs where nobody waits for it, in listeners and in what was begun and not awaited. What it
 * throws there is an assertion of the test: without, it is a screenful below the results, and the test fails of
 * something else.
 */
export function hearWhatNobodyCaught(): void {
  beforeEach(({ task }) => {
    const listener = (error: unknown) => void uncaught.push(error)
    const others = events.map((event) => process.listeners(event as 'uncaughtException'))
    for (const event of events) process.removeAllListeners(event).on(event, listener)
    return () => {
      const isTold = task.result?.state === 'fail'
      events.forEach((event, i) => {
        process.removeAllListeners(event)
        for (const other of others[i]!) process.on(event, other)
      })
      const errors = uncaught.splice(0)
      if (!isTold) expectNone(errors)
    }
  })
}

/** @throws AssertionError when something was thrown that nobody caught; to be asked before the assertion that suffers */
export function expectNothingUncaught(): void {
  expectNone(uncaught)
}

function expectNone(errors: unknown[]): void {
  const first = errors.length > 0 ? `: ${inspect(errors[0]).split('\n    at node:')[0]}` : ''
  expect(errors.length, `your code threw where nobody catches, which ends a process on the spot${first}`).toBe(0)
}
