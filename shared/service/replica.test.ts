import type { Dispatcher } from 'undici'
import { expect, onTestFinished, test, vi } from 'vitest'
import { call } from '#chapters/01-timeouts/client.ts'
import { CircuitBreaker } from '#chapters/04-circuit-breaker/circuit-breaker.ts'
import { deadlineAfter } from '../core/deadline.ts'
import { ResponseError } from '../core/errors.ts'
import { inVirtualTime, startDouble } from './harness.ts'
import { isOwnDelay, Replica, type Work } from './replica.ts'

const LIMITS = { connections: 10, connectMs: 100, headersMs: 200, bodyMs: 150, maxBytes: 1000, callMs: 250 }
const MANY = 20

const { signal } = new AbortController()

function replicaAt(origin: string, limits: Partial<typeof LIMITS> = {}) {
  const breaker = new CircuitBreaker({ consecutiveFailures: 5, isExcluded: isOwnDelay })
  const replica = new Replica(origin, breaker, { ...LIMITS, ...limits })
  onTestFinished(() => replica.close())
  return {
    breaker,
    replica,
    /** How it ended, in a word. */
    async ask(deadline = Infinity): Promise<string> {
      const { callMs: timeoutMs } = LIMITS
      try {
        const work: Work<string> = async (client, patience) => {
          const { status, body } = await call(client, { path: '/', timeoutMs, ...patience })
          if (status !== 200) throw new ResponseError('It did not work', status)
          return body
        }
        return await replica.ask(work, { signal, deadline })
      } catch (error) {
        return isOwnDelay(error) ? 'our delay' : (error as Error).name
      }
    },
  }
}

const times = <T>(count: number, work: () => Promise<T>) => Promise.all(Array.from({ length: count }, work))

/** As a loop that is busy: timers come due, and nobody looks at the sockets. */
const standStill = (ms: number) => void vi.advanceTimersByTime(ms)

test.for([60, 150, 400])(
  'while the loop stands still for %d ms nobody reads an answer, and none is late',
  async (ms) => {
    let asked = 0
    const double = await startDouble((_request, response) => {
      response.end('ok')
      // All who have a socket have their answer, in it.
      if (++asked % LIMITS.connections === 0) standStill(ms)
    })
    const { breaker, ask } = replicaAt(double.replicas[0]!)
    for (let round = 0; round < 2; round++) {
      const { value: ended } = await inVirtualTime(() => times(MANY, ask))
      expect(ended).not.toContain('TimeoutError')
    }
    expect(breaker.state.status).toBe('closed')
  },
)

test('a replica that does not answer is given up', async () => {
  const { breaker, ask } = replicaAt((await startDouble(() => {})).replicas[0]!)
  const { value: ended } = await inVirtualTime(() => times(5, ask))
  expect(ended).toEqual(Array(5).fill('TimeoutError'))
  expect(breaker.state.status).toBe('open')
})

test('calls that wait for a socket are not held against a replica that does not answer, only those that it has', async () => {
  const { breaker, ask } = replicaAt((await startDouble(() => {})).replicas[0]!, { connections: 4 })
  const { value: ended } = await inVirtualTime(() => times(MANY, ask))
  expect(ended.toSorted()).toEqual([...Array(4).fill('TimeoutError'), ...Array(MANY - 4).fill('our delay')])
  expect(breaker.state.status).toBe('closed')
  await inVirtualTime(() => ask())
  expect(breaker.state.status).toBe('open')
})

test('waiting for one of our sockets is no failure of whoever would have answered', async () => {
  const double = await startDouble((_request, response) => setTimeout(() => response.end('ok'), 100))
  const { breaker, ask } = replicaAt(double.replicas[0]!, { connections: 1 })
  const { value: ended } = await inVirtualTime(() => times(MANY, ask))
  expect(ended.slice(0, 2)).toEqual(['ok', 'ok'])
  expect(ended.slice(2)).toEqual(Array(MANY - 2).fill('our delay'))
  expect(breaker.state.status).toBe('closed')
})

test.for([
  ['that never answers', () => {}],
  [
    'that keeps to it',
    (_request: unknown, response: { writeHead(status: number): { end(): void } }) => response.writeHead(504).end(),
  ],
] as const)('a caller who has no time does not open the circuit for all others: a replica %s', async ([, listener]) => {
  const { breaker, ask } = replicaAt((await startDouble(listener)).replicas[0]!)
  for (let i = 0; i < 10; i++) {
    expect((await inVirtualTime(() => ask(deadlineAfter(20)))).value).toBe('our delay')
  }
  expect(breaker.state.status).toBe('closed')
})

test('a gateway that gives up though it had the time is a failure', async () => {
  const { ask } = replicaAt((await startDouble((_request, response) => response.writeHead(504).end())).replicas[0]!)
  expect(await ask()).toBe('ResponseError')
})

/** One request, by hand: whoever listens to it gets its controller. */
const exchange =
  (onRequestStart: (controller: Dispatcher.DispatchController) => void): Work<string> =>
  (client) =>
    new Promise((resolve, reject) => {
      client.dispatch(
        { path: '/', method: 'GET' },
        {
          onRequestStart,
          onResponseStart() {},
          onResponseData() {},
          onResponseEnd: () => resolve('over'),
          onResponseError: (_controller, error) => reject(error),
        },
      )
    })

test('who controls a request can call it off as long as it is under way', async () => {
  const { replica } = replicaAt((await startDouble(() => {})).replicas[0]!)
  const reason = new Error('No longer wanted')
  const work = exchange((controller) => setImmediate(() => controller.abort(reason)))
  await expect(replica.ask(work, { signal, deadline: Infinity })).rejects.toBe(reason)
})

test('when it is over nothing leads to it from its controller, which undici keeps until the next major collection', async () => {
  const { replica } = replicaAt((await startDouble((_request, response) => void response.end())).replicas[0]!)
  let kept: Dispatcher.DispatchController | undefined
  const work = exchange((controller) => (kept = controller))
  expect(await replica.ask(work, { signal, deadline: Infinity })).toBe('over')
  kept!.abort(new Error('Too late'))
  expect(kept!.aborted).toBe(false)
})
