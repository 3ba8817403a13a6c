import { vi } from 'vitest'

// The real one, also while a test has the clock in its hand.
const { setTimeout } = globalThis

/** How many ends of a turn are asked for (`setImmediate`) while nothing happens: where they are many, somebody spins. */
export async function turnsAskedFor(ms: number): Promise<number> {
  const asked = vi.spyOn(globalThis, 'setImmediate')
  await new Promise((resolve) => setTimeout(resolve, ms))
  const { length } = asked.mock.calls
  asked.mockRestore()
  return length
}
