import { afterEach, beforeEach, expect, vi } from 'vitest'
import { eventually } from './outcome.ts'

// Set up for every suite: a test that passes must also leave nothing behind. One that failed has said enough.

const counted = ['Timeout', 'Immediate', 'TCPSocketWrap', 'TCPServerWrap', 'ProcessWrap']

function held(): Record<string, number> {
  const resources = process.getActiveResourcesInfo()
  return Object.fromEntries(counted.map((kind) => [kind, resources.filter((resource) => resource === kind).length]))
}

let before: Record<string, number>

beforeEach(() => {
  before = held()
})

afterEach(async ({ task }) => {
  const timers = vi.isFakeTimers() ? vi.getTimerCount() : 0
  vi.useRealTimers()
  if (task.result?.state === 'fail') return
  expect(timers, 'timers left behind').toBe(0)
  // Sockets take a few turns of the event loop to close.
  await eventually(() => counted.every((kind) => held()[kind]! <= before[kind]!), 500)
  const leaked = counted.filter((kind) => held()[kind]! > before[kind]!)
  expect(leaked, 'left behind (timers, sockets, servers or processes)').toEqual([])
})
