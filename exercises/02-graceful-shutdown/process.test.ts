import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, outcomeOf } from '../../shared/testing/outcome.ts'
import { type Replica, type ReplicaOptions, startReplica } from '../../shared/testing/replica.ts'
import { get, openWire } from '../../shared/testing/wire.ts'

// Real processes, real signals, real time: whether all of it also holds outside of a test.
const module = import.meta.resolve('#chapters/02-graceful-shutdown/shutdown.ts')
const limits: Record<string, Partial<ReplicaOptions>> = {
  signalled: {},
  impatient: {},
  broken: {},
  rejecting: {},
  hanging: { hangs: true },
}
const replicas: Record<string, Replica> = {}

beforeAll(async () => {
  const start = async ([name, options]: [string, Partial<ReplicaOptions>]) => {
    replicas[name] = await startReplica({ module, drainDelayMs: 0, deadlineMs: 30_000, ...options })
  }
  await Promise.all(Object.entries(limits).map(start))
})

afterAll(async () => {
  for (const replica of Object.values(replicas)) await replica[Symbol.asyncDispose]()
})

/** Ample for a busy machine; nobody waits for as long as that. */
const TURNS = 2_000

async function open({ port }: Replica, path?: string, expected = '') {
  const wire = await openWire(port)
  if (path) wire.say(get(path))
  await eventually(() => wire.heard.includes(expected), TURNS)
  return wire
}

/** One connection of each kind; the server has seen them all. */
async function openAll(replica: Replica) {
  const silent = await open(replica)
  const busy = await open(replica, '/fast', 'at once')
  busy.say(get('/slow'))
  const streaming = await open(replica, '/events', 'hello')
  const idle = await open(replica, '/fast', 'at once')
  return { silent, busy, streaming, idle }
}

describe('Step 13: The real thing', () => {
  test('on SIGTERM it answers what is in flight, closes the rest, and exits with 0', async () => {
    const replica = replicas.signalled!
    const { silent, busy, streaming, idle } = await openAll(replica)
    replica.tell('SIGTERM')
    const waiting = [silent, streaming, idle]
    await eventually(() => waiting.every(({ state }) => state !== 'open'), TURNS)
    expect(busy.state, 'somebody waits for an answer, and the process has left').toBe('open')
    expect(
      waiting.map(({ state }) => state),
      'silent, streaming, idle',
    ).toEqual(['closed', 'closed', 'closed'])
    expect(streaming.heard, 'ended in good order').toMatch(/goodbye[^]*\r\n0\r\n\r\n$/)
    replica.tell('answer')
    await eventually(() => busy.state !== 'open', TURNS)
    expect(busy.heard).toMatch(/at last$/)
    const outcome = await outcomeOf(replica.exited, TURNS)
    expect(outcome, 'the last answer is out, and it says why it went').toMatchObject({
      value: { code: 0, log: expect.stringMatching(/"reason":"SIGTERM".*\n$/) },
    })
  })

  test('on a second Ctrl-C it exits with 130, whatever is in flight', async () => {
    const replica = replicas.impatient!
    const { silent, busy } = await openAll(replica)
    replica.tell('SIGINT')
    await eventually(() => silent.state !== 'open', TURNS)
    expect(busy.state, 'the first one is a request to finish').toBe('open')
    replica.tell('SIGINT')
    const outcome = await outcomeOf(replica.exited, TURNS)
    expect(outcome, 'the second one is an order').toMatchObject({ value: { code: 130 } })
  })

  test('after an error or a rejection that nobody caught it answers, and exits with 1', async () => {
    for (const [replica, command] of [
      [replicas.broken!, 'throw'],
      [replicas.rejecting!, 'reject'],
    ] as const) {
      const { silent, busy } = await openAll(replica)
      replica.tell(command)
      await eventually(() => silent.state !== 'open', TURNS)
      expect(busy.state, `${command}: a request that has nothing to do with it was cut`).toBe('open')
      replica.tell('answer')
      await eventually(() => busy.state !== 'open', TURNS)
      expect(busy.heard).toMatch(/at last$/)
      const outcome = await outcomeOf(replica.exited, TURNS)
      expect(outcome, 'and the error is in the log').toMatchObject({
        value: { code: 1, log: expect.stringContaining('nobody caught this') },
      })
    }
  })

  test('does not slip out with 0 past a hook that never settles', async () => {
    const replica = replicas.hanging!
    replica.tell('SIGTERM')
    const outcome = await outcomeOf(replica.exited, TURNS)
    expect(
      outcome,
      'a promise does not keep a process, and neither does a timer that was unref’d: Node left in the middle, content',
    ).toMatchObject({ value: { code: 1 } })
  })
})
