import { beforeEach, expect, vi } from 'vitest'
import { eventually } from './outcome.ts'

// Set up for every suite: a test that passes must also leave nothing behind. One that failed has said enough. (Counted,
// not named: a single real timer may hide behind one of Vitest's own, which come and go.)

const counted = ['Timeout', 'Immediate', 'TCPSocketWrap', 'TCPServerWrap', 'ProcessWrap']

function held(): Record<string, number> {
  const resources = process.getActiveResourcesInfo()
  return Object.fromEntries(counted.map((kind) => [kind, resources.filter((resource) => resource === kind).length]))
}

// Registered first and therefore run last, when the test's own clean-up is over.
beforeEach(({ onTestFinished, task }) => {
  const before = held()
  const leaked = () => counted.filter((kind) => held()[kind]! > before[kind]!)

  onTestFinished(async () => {
    const timers = vi.isFakeTimers() ? vi.getTimerCount() : 0
    vi.useRealTimers()
    if (task.result?.state === 'fail') return
    expect(timers, 'timers left behind').toBe(0)
    // Sockets take a few turns of the event loop to close.
    let left: string[] = []
    await eventually(() => (left = leaked()).length === 0, 500)
    expect(left, 'left behind (timers, sockets, servers or processes)').toEqual([])
  })
})
