import { shedLoad, type ShedOptions } from '#chapters/08-load-shedding/shed.ts'
import { Door, type DoorOptions, type Pass, type Visitor } from '#chapters/08-load-shedding/door.ts'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import Fastify, { type FastifyInstance } from 'fastify'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { deadlineAfter } from '../../shared/core/deadline.ts'
import { OverloadError, TimeoutError } from '../../shared/core/errors.ts'
import { holdTheClock } from '../../shared/testing/clock.ts'
import { http } from '../../shared/testing/http.ts'
import { eventually, outcomeOf } from '../../shared/testing/outcome.ts'

// The sockets are real, the clock is not.
beforeEach(holdTheClock)

interface Served {
  door?: Partial<DoorOptions>
  shed?: Partial<ShedOptions>
  /** What stands before the door. */
  before?: (app: FastifyInstance) => void
  routes?: (app: FastifyInstance) => void
}

/** A server with one place and no queue; its handler of `/work` works until it is told to answer. */
async function served({ door: options = {}, shed = {}, before, routes }: Served = {}) {
  const door = new Door({ limit: 1, queue: 0, ...options })
  const errors: string[] = []
  const stream = { write: (line: string) => void errors.push(line) }
  const app = Fastify({ forceCloseConnections: true, logger: { level: 'warn', stream } })
  before?.(app)
  shedLoad(app, { door, ...shed })
  const answer = Promise.withResolvers<string>()
  let working = 0
  const work = async () => {
    working++
    return answer.promise
  }
  app.get('/work', work).post('/work', work)
  app.get('/fast', async () => 'done')
  routes?.(app)
  await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    answer.resolve('at last')
    await app.close()
  })
  const { port } = app.server.address() as AddressInfo
  const ask = async (
    path: string,
    { body, ...options }: import('node:http').RequestOptions & { body?: string } = {},
  ) => {
    const request = http.request({ host: '127.0.0.1', port, path, agent: false, ...options }).end(body)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return { status: response.statusCode, headers: response.headers, body: await text(response) }
  }
  /** A socket, and what it has heard so far. */
  const speak = (words: string) => {
    const socket: Socket = net.connect(port, '127.0.0.1')
    const heard = { text: '' }
    socket.on('data', (chunk) => (heard.text += chunk)).on('error', () => {})
    socket.write(words)
    onTestFinished(() => void socket.destroy())
    return { socket, heard }
  }
  /** Takes the only place. */
  const occupy = async () => {
    ask('/work').catch(() => {})
    await eventually(() => working === 1)
    expect(
      { inside: door.inside, errors },
      'places taken while a handler works, as each request passes through the door; and errors that were logged meanwhile',
    ).toEqual({ inside: 1, errors: [] })
  }
  const emptied = async () => {
    await eventually(() => door.inside === 0)
    return door.inside
  }
  return { app, door, ask, speak, occupy, emptied, answer: answer.resolve, errors, working: () => working }
}

const statusOf = async (asked: Promise<{ status?: number | undefined }>) => {
  const outcome = await outcomeOf(asked)
  return outcome.status === 'fulfilled' ? outcome.value.status : outcome.status
}

describe("Step 3: At the server's door", () => {
  test('refuses with a 503 that says so, and not for good', async () => {
    const refused: [error: OverloadError, url: string][] = []
    const begun: string[] = []
    const { ask, occupy, emptied, answer, working } = await served({
      shed: { random: () => 0.999, onRefused: (error, { url }) => refused.push([error, url]) },
      routes(app) {
        app.addHook('onRequest', async ({ url }) => void begun.push(url))
        // So that an answer takes a turn of the loop: until then nothing behind the door must have begun.
        app.addHook('onSend', async () => new Promise((resolve) => setImmediate(resolve)))
        app.register(async (plugin) => {
          plugin.setErrorHandler((_error, _request, reply) => reply.code(500).send('oops'))
          plugin.get('/plugin', async () => 'done')
        })
      },
    })
    await occupy()
    const outcome = await outcomeOf(ask('/work'))
    expect(outcome, 'one place, which is taken, and no queue').toMatchObject({
      value: { status: 503, headers: { 'content-type': expect.stringContaining('application/problem+json') } },
    })
    const { value } = outcome as { value: { body: string; headers: Record<string, string> } }
    expect(JSON.parse(value.body), 'the body that `refuse` sends: RFC 9457').toEqual({
      type: 'about:blank',
      title: 'Service Unavailable',
      status: 503,
      detail: expect.stringMatching(/\S/),
      reason: 'overloaded',
    })
    expect(value.headers['retry-after'], 'whole seconds, from 1 to 3, and 0.999 was drawn').toBe('3')
    expect(refused, 'onRefused hears of it, and of which request').toMatchObject([
      [{ code: 'OVERLOADED', because: 'full' }, '/work'],
    ])
    expect(begun, 'who has come to an onRequest hook that was added later: who is refused costs nothing there').toEqual(
      ['/work'],
    )
    expect(working(), 'handlers begun: one of who was let in, none of who was refused (`return refuse(…)`)').toBe(1)
    expect(await statusOf(ask('/plugin')), 'a plugin with an error handler of its own, which no refusal gets to').toBe(
      503,
    )
    answer('done')
    await emptied()
    expect(await statusOf(ask('/fast')), 'the place is free again').toBe(200)

    const onRefused = vi.fn<(error: OverloadError) => void>()
    const line = await served({ door: { queue: 1, maxWaitMs: 100 }, shed: { onRefused } })
    await line.occupy()
    const asked = outcomeOf(line.ask('/work'))
    await eventually(() => line.door.waiting === 1)
    vi.advanceTimersByTime(100)
    expect(await asked, 'who has waited for 100 ms, which is maxWaitMs').toMatchObject({ value: { status: 503 } })
    expect(onRefused.mock.calls, 'onRefused hears of whoever has waited, too').toMatchObject([
      [{ because: 'waited' }, {}],
    ])
  })

  test('refuses before the body has come, and goes on with the connection', async () => {
    const { speak, occupy, emptied, answer } = await served()
    await occupy()
    const head = 'host: parcel\r\ncontent-type: text/plain'
    const { socket, heard } = speak(`POST /work HTTP/1.1\r\n${head}\r\ncontent-length: 5\r\n\r\n`)
    await eventually(() => heard.text.includes('503'))
    expect(heard.text, 'nothing of the body has come, and nobody needs it').toMatch(/^HTTP\/1.1 503 /)
    answer('done')
    await emptied()
    socket.write(`helloGET /fast HTTP/1.1\r\nhost: parcel\r\n\r\n`)
    await eventually(() => heard.text.includes('200'))
    expect(heard.text, 'the next request on the same connection').toContain('HTTP/1.1 200')
  })

  test('spreads those whom it refuses over some seconds', async () => {
    const draws = [0, 0.33, 0.34, 0.66, 0.67, 0.999]
    const { ask, occupy } = await served({
      shed: { retryAfterS: { from: 2, to: 4 }, random: () => draws.shift() ?? 0 },
    })
    await occupy()
    const told: unknown[] = []
    for (let i = 0; i < 6; i++) {
      const outcome = await outcomeOf(ask('/work'))
      told.push(outcome.status === 'fulfilled' ? outcome.value.headers['retry-after'] : outcome.status)
    }
    expect(told, 'Retry-After from 2 to 4, drawn 0, 0.33, 0.34, 0.66, 0.67 and 0.999: each for a third').toEqual([
      '2',
      '2',
      '3',
      '3',
      '4',
      '4',
    ])
    for (const [drawn, afterS] of [
      [0, '1'],
      [0.999, '3'],
    ] as const) {
      const byDefault = await served({ shed: { random: () => drawn } })
      await byDefault.occupy()
      const outcome = await outcomeOf(byDefault.ask('/work'))
      expect(outcome, `Retry-After by default is from 1 to 3, and ${drawn} was drawn`).toMatchObject({
        value: { headers: { 'retry-after': afterS } },
      })
    }
  })

  test('takes the place back, whatever becomes of the request', async () => {
    const inside: number[] = []
    const { door, ask, speak, emptied, working } = await served({
      routes(app) {
        app.get('/throws', async () => {
          inside.push(door.inside)
          throw new Error('oops')
        })
        app.get('/look', async () => void inside.push(door.inside))
        app.get('/large', async () => Buffer.alloc(32 * 1024 ** 2))
        app.addHook('onSend', async ({ url }) => {
          if (url === '/throws') inside.push(door.inside)
        })
      },
    })
    for (const path of ['/look', '/throws']) {
      await ask(path)
      expect(await emptied(), `places taken after ${path} was answered`).toBe(0)
    }
    expect(
      inside,
      'places taken while the handlers of /look and /throws were running, and while it was told that one has thrown',
    ).toEqual([1, 1, 1])
    expect(await statusOf(ask('/nowhere')), 'nothing is there').toBe(404)
    expect(await emptied(), 'places taken after a 404').toBe(0)

    const { socket } = speak('GET /work HTTP/1.1\r\nhost: parcel\r\n\r\n')
    await eventually(() => working() === 1)
    expect(door.inside).toBe(1)
    socket.destroy()
    expect(await emptied(), 'places taken after a client has hung up: Fastify calls no onResponse for it').toBe(0)
    const head = 'POST /work HTTP/1.1\r\nhost: parcel\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\n'
    const { socket: other } = speak(`${head}hello`)
    await eventually(() => working() === 2)
    other.destroy()
    expect(
      await emptied(),
      'places taken after a client has hung up whose body had come: Fastify calls no onRequestAbort for it, as nothing of the request was cut off',
    ).toBe(0)
    const { socket: slow, heard } = speak('GET /large HTTP/1.1\r\nhost: parcel\r\n\r\n')
    slow.once('data', () => slow.pause())
    await eventually(() => heard.text !== '')
    expect(door.inside, 'places taken by an answer of 32 MB, of which only the beginning has been read').toBe(1)
    slow.destroy()
    expect(await emptied(), 'places taken after that client has hung up: it was answered, and has not been sent').toBe(
      0,
    )

    const two = await served({ door: { limit: 2 } })
    two.speak('GET /work HTTP/1.1\r\nhost: parcel\r\n\r\nGET /fast HTTP/1.1\r\nhost: parcel\r\n\r\n')
    await eventually(() => two.door.inside === 2)
    expect(two.door.inside, 'places taken by two requests that came on one connection, one behind the other').toBe(2)
    two.answer('done')
    expect(await two.emptied(), 'places taken when both were answered').toBe(0)
  })

  test('keeps the place until it has answered, and not until they hang up', async () => {
    const listeners: number[] = []
    const { door, ask, speak, emptied, working, answer } = await served({
      before(app) {
        app.addHook('onRequest', async ({ raw }) => void listeners.push(raw.socket.listenerCount('close')))
      },
    })
    ask('/work', { method: 'POST', body: 'a booking', headers: { 'content-type': 'text/plain' } }).catch(() => {})
    await eventually(() => working() === 1)
    await eventually(() => false, 5)
    expect(door.inside, 'places taken by a POST that works: its request has closed, its response has not').toBe(1)
    answer('done')
    await emptied()
    const { socket, heard } = speak('GET /fast HTTP/1.1\r\nhost: parcel\r\n\r\n')
    await eventually(() => heard.text.includes('200'))
    expect(await emptied(), 'places taken by a connection that is kept alive after its answer').toBe(0)
    expect(socket.closed, 'whether that connection has closed').toBe(false)
    socket.write('GET /fast HTTP/1.1\r\nhost: parcel\r\n\r\n')
    await eventually(() => listeners.length === 3)
    expect(listeners[2], 'who listens for the end of that connection when its second request comes').toBe(listeners[1])
    await emptied()

    const full = await served({
      before(app) {
        app.addHook('onRequest', async ({ raw }) => void listeners.push(raw.socket.listenerCount('close')))
      },
    })
    await full.occupy()
    const refused = full.speak('GET /fast HTTP/1.1\r\nhost: parcel\r\n\r\n')
    await eventually(() => refused.heard.text.includes('503'))
    refused.socket.write('GET /fast HTTP/1.1\r\nhost: parcel\r\n\r\n')
    await eventually(() => listeners.length === 6)
    expect(listeners[5], 'the same, where the first was refused').toBe(listeners[4])
  })

  test('lets through whatever must never be refused', async () => {
    const { door, ask, occupy } = await served({
      before: (app) => void app.get('/early', async () => 'done'),
      routes(app) {
        app.get('/livez', { config: { urgency: null } }, async () => ({ inside: door.inside }))
      },
    })
    expect(await outcomeOf(ask('/livez')), 'urgency: null, in an empty house: it takes no place').toMatchObject({
      value: { status: 200, body: '{"inside":0}' },
    })
    await occupy()
    expect(await statusOf(ask('/fast')), 'one place, which is taken').toBe(503)
    expect(await statusOf(ask('/fast', { method: 'HEAD' })), 'HEAD, which takes as much work as a GET').toBe(503)
    expect(await statusOf(ask('/early')), 'a route that was there before the door').toBe(503)
    expect(await outcomeOf(ask('/livez')), 'urgency: null; who is refused there is restarted').toMatchObject({
      value: { status: 200, body: '{"inside":1}' },
    })
  })

  test('keeps no place for somebody who is gone when they get it', async () => {
    const slow = Promise.withResolvers<void>()
    const { door, occupy, speak, ask, answer, emptied } = await served({
      door: { queue: 5 },
      before(app) {
        app.addHook('onRequest', async ({ url }) => (url === '/fast?slow' ? slow.promise : undefined))
      },
      routes: (app) => app.get('/look', async () => ({ inside: door.inside })),
    })
    await occupy()
    const { socket } = speak('GET /fast HTTP/1.1\r\nhost: parcel\r\n\r\n')
    await eventually(() => door.waiting === 1)
    expect(door.waiting, 'step 1 first: one works, one waits').toBe(1)
    socket.destroy()
    await eventually(() => false, 5)
    answer('done')
    expect(await emptied(), 'places taken: their `close` had been before they got it, and there is no other').toBe(0)

    const { socket: other } = speak('GET /fast?slow HTTP/1.1\r\nhost: parcel\r\n\r\n')
    await eventually(() => false, 5)
    other.destroy()
    await eventually(() => false, 5)
    slow.resolve()
    await eventually(() => false, 5)
    expect(await emptied(), 'places taken by somebody who had hung up before they came to the door').toBe(0)
    expect(await outcomeOf(ask('/look')), 'places taken while a request asks how many').toMatchObject({
      value: { status: 200, body: '{"inside":1}' },
    })
  })

  test('leaves all other errors to the error handler', async () => {
    const failures: unknown[] = []
    const bug = new Error('a bug')
    const onRefused = vi.fn()
    const { ask, working } = await served({
      shed: { onRefused, door: { enter: () => Promise.reject(bug) } },
      before(app) {
        app.setErrorHandler((error, _request, reply) => {
          failures.push(error)
          return reply.code(500).send()
        })
      },
    })
    const status = await statusOf(ask('/work'))
    expect({ status, begun: working() }, 'a door that fails, and refuses nobody').toEqual({ status: 500, begun: 0 })
    expect(failures, 'what the error handler has been told').toEqual([bug])
    expect(onRefused, 'nobody has been refused').not.toHaveBeenCalled()
  })
})

describe('Step 4: Gone, or too late', () => {
  test('has nobody begin whose deadline has passed', async () => {
    const failures: unknown[] = []
    const onRefused = vi.fn()
    const { ask, working } = await served({
      shed: { onRefused },
      before(app) {
        app.addHook('onRequest', async (request) => {
          request.deadline = deadlineAfter(0)
        })
        app.setErrorHandler((error, _request, reply) => {
          failures.push(error)
          return reply.code(504).send()
        })
      },
    })
    const status = await statusOf(ask('/work'))
    expect({ status, begun: working() }, 'request.deadline (chapter 01) had passed').toEqual({ status: 504, begun: 0 })
    expect(failures, 'it is the error handler’s to say so').toEqual([expect.any(TimeoutError)])
    expect(onRefused, 'who comes too late has not been refused').not.toHaveBeenCalled()
  })

  test('does not begin for somebody who has hung up while they waited', async () => {
    const answered: string[] = []
    const before = (app: FastifyInstance) => void app.addHook('onSend', async ({ url }) => void answered.push(url))
    const onRefused = vi.fn()
    const { door, occupy, emptied, speak, answer, working, errors } = await served({
      door: { queue: 5 },
      shed: { onRefused },
      before,
    })
    await occupy()
    const { socket } = speak('GET /work?gone HTTP/1.1\r\nhost: parcel\r\n\r\n')
    await eventually(() => door.waiting === 1)
    expect(door.waiting, 'step 1 first: one works, one waits').toBe(1)
    socket.destroy()
    await eventually(() => door.waiting === 0)
    expect(door.waiting, 'the only one who waited has hung up').toBe(0)
    answer('done')
    await emptied()
    await eventually(() => false, 5)
    expect(working(), 'handlers begun; a second one is for who has hung up: has Fastify been told (`hijack`)?').toBe(1)
    expect(errors.join(''), 'what was logged: a customer who leaves is no error').toBe('')
    expect(answered, 'answers begun: nobody is there who would hear one').toEqual(['/work'])
    expect(onRefused, 'who leaves has not been refused').not.toHaveBeenCalled()
  })

  test('has nobody come to the door who was gone before', async () => {
    const slow = Promise.withResolvers<void>()
    let before = 0
    const answered: string[] = []
    const { door, occupy, speak, working, errors } = await served({
      door: { queue: 1 },
      before(app) {
        app.addHook('onSend', async ({ url }) => void answered.push(url))
        app.addHook('onRequest', async ({ headers }) => {
          if (!headers['x-slow']) return
          before++
          await slow.promise
        })
      },
    })
    await occupy()
    const { socket } = speak('GET /work HTTP/1.1\r\nhost: parcel\r\nx-slow: 1\r\n\r\n')
    await eventually(() => before === 1)
    socket.destroy()
    await eventually(() => false, 5)
    slow.resolve()
    await eventually(() => false, 5)
    expect(
      { inside: door.inside, waiting: door.waiting, begun: working() },
      'one works, and whoever was gone before does not come to the door: not even to wait',
    ).toEqual({ inside: 1, waiting: 0, begun: 1 })
    expect({ errors, answered }, 'what is logged, and answered, for somebody who has hung up').toEqual({
      errors: [],
      answered: [],
    })
  })
})

describe('Step 6: Streams, and other doors', () => {
  test('gives the place back when a stream begins', async () => {
    const source = new Readable({ read() {} })
    const chunks = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>()
    const web = new ReadableStream<Uint8Array>({ start: (controller) => chunks.resolve(controller) })
    const more = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>()
    const body = new ReadableStream<Uint8Array>({ start: (controller) => more.resolve(controller) })
    const { door, ask, speak } = await served({
      routes(app) {
        app.get('/stream', async (_request, reply) => {
          inside.push(door.inside)
          return reply.type('text/plain').send(source)
        })
        app.get('/web', async (_request, reply) => reply.type('text/plain').send(web))
        app.get('/response', async (_request, reply) => reply.send(new Response(body)))
        app.get('/buffer', async (_request, reply) => reply.send(Buffer.from('all of it')))
        app.get('/nothing', async (_request, reply) => reply.code(204).send(null))
        app.get('/probe', { config: { urgency: null } }, async () => Readable.from(['well']))
        app.addHook('onSend', async ({ url }) => {
          if (['/buffer', '/nothing', '/fast'].includes(url)) inside.push(door.inside)
        })
      },
    })
    const inside: number[] = []
    const { heard } = speak('GET /stream HTTP/1.1\r\nhost: parcel\r\n\r\n')
    await eventually(() => inside.length === 1)
    source.push('it begins')
    await eventually(() => heard.text.includes('it begins'))
    expect(inside, 'places taken while the handler was running').toEqual([1])
    expect(door.inside, 'places taken by a stream that has begun, and may last for days').toBe(0)
    const { heard: other } = speak('GET /web HTTP/1.1\r\nhost: parcel\r\n\r\n')
    const end = await chunks.promise
    end.enqueue(Buffer.from('it begins'))
    await eventually(() => other.text.includes('it begins'))
    expect(door.inside, 'places taken by a ReadableStream, such as the body of a fetch').toBe(0)
    end.close()
    const { heard: third } = speak('GET /response HTTP/1.1\r\nhost: parcel\r\n\r\n')
    const last = await more.promise
    last.enqueue(Buffer.from('it begins'))
    await eventually(() => third.text.includes('it begins'))
    expect(door.inside, 'places taken by a Response, such as that of a fetch').toBe(0)
    last.close()
    await ask('/buffer')
    await ask('/nothing')
    await ask('/fast')
    expect(
      inside,
      'a Buffer, nothing and a text are answers like any other: until they are sent, they have their place',
    ).toEqual([1, 1, 1, 1])
    expect(
      await statusOf(ask('/probe')),
      'a stream of a route with urgency: null, which has no place to give back',
    ).toBe(200)
    source.push(null)
  })

  test('gives back its own place when there are two doors, one behind the other', async () => {
    const behind = new Door({ limit: 1 })
    const { door, ask } = await served({
      routes(app) {
        shedLoad(app, { door: behind })
        app.get('/look', async () => ({ first: door.inside, second: behind.inside }))
      },
    })
    expect(await outcomeOf(ask('/look')), 'places taken at each of the two doors meanwhile').toMatchObject({
      value: { status: 200, body: '{"first":1,"second":1}' },
    })
    await eventually(() => door.inside + behind.inside === 0)
    expect([door.inside, behind.inside], 'places taken at each of the two doors, when it was answered').toEqual([0, 0])
  })

  test('keeps no place for somebody who hangs up just as they are let in', async () => {
    const answered: string[] = []
    const before = (app: FastifyInstance) => void app.addHook('onSend', async ({ url }) => void answered.push(url))
    const letIn = Promise.withResolvers<void>()
    let [entered, left] = [0, 0]
    const slowly = {
      async enter() {
        entered++
        await letIn.promise
        return { waitedMs: 0, leave: () => void left++ }
      },
    }
    const { speak, working, errors } = await served({ shed: { door: slowly }, before })
    const { socket } = speak('GET /work?gone HTTP/1.1\r\nhost: parcel\r\n\r\n')
    await eventually(() => entered === 1)
    socket.destroy()
    await eventually(() => false, 5)
    letIn.resolve()
    await eventually(() => left === 1)
    expect({ left, begun: working() }, 'a door that lets in somebody who has just hung up').toEqual({
      left: 1,
      begun: 0,
    })
    await eventually(() => false, 5)
    expect({ errors, answered }, 'what is logged, and answered, for somebody who has just hung up').toEqual({
      errors: [],
      answered: [],
    })

    const no = Promise.withResolvers<Pass>()
    const onRefused = vi.fn()
    const refusing = await served({ shed: { door: { enter: () => no.promise }, onRefused }, before })
    const gone = refusing.speak('GET /work?gone HTTP/1.1\r\nhost: parcel\r\n\r\n')
    await eventually(() => false, 5)
    gone.socket.destroy()
    await eventually(() => false, 5)
    no.reject(new OverloadError('full', 0))
    await eventually(() => false, 5)
    expect(
      { errors: refusing.errors, answered, refused: onRefused.mock.calls.length },
      'a door that refuses somebody who has just hung up: what is logged, answered, and told onRefused',
    ).toEqual({ errors: [], answered: [], refused: 0 })
  })
})

describe('Step 7: Who goes first', () => {
  test('asks the route how urgent a request is, and the request whether it can wait', async () => {
    const visitors: Visitor[] = []
    const door = {
      async enter(visitor: Visitor = {}) {
        visitors.push(visitor)
        return { waitedMs: 0, leave() {} }
      },
    }
    const { ask } = await served({
      shed: { door },
      routes(app) {
        for (const urgency of [0, 1]) app.get(`/urgent/${urgency}`, { config: { urgency } }, async () => 'done')
      },
    })
    await ask('/urgent/0')
    await ask('/urgent/1')
    await ask('/fast')
    await ask('/urgent/1', { headers: { priority: 'u=2' } })
    await ask('/urgent/1', { headers: { priority: 'u=6' } })
    expect(
      visitors.map(({ urgency }) => urgency),
      'urgency: of routes with 0 and 1, of one that says nothing (3), and of requests that can wait (u=2, u=6)',
    ).toEqual([0, 1, 3, 2, 6])
  })
})

describe('Step 9: How late is the loop?', () => {
  test('refuses more, the later the loop is', async () => {
    const loop = { ms: 0 }
    let chance = 0
    const { ask } = await served({
      door: { limit: 100 },
      shed: { loop, lateMs: { from: 40, to: 200 }, random: () => chance },
    })
    const at = async (ms: number, drawn: number) => {
      loop.ms = ms
      chance = drawn
      return statusOf(ask('/fast'))
    }
    expect(await at(120, 0.24), 'half-way from 40 to 200: one in four is refused, and 0.24 was drawn').toBe(503)
    expect(await at(120, 0.26), 'half-way from 40 to 200: one in four is refused, and 0.26 was drawn').toBe(200)
    expect(await at(40, 0), 'not later than lateMs.from').toBe(200)
    expect(await at(10, 0), 'on time, and what is squared has no sign').toBe(200)
    expect(await at(200, 0.999), 'as late as lateMs.to').toBe(503)
    expect(await at(1_000, 0.999), 'later than that').toBe(503)

    const draws = [0.24, 0.999, 0.26]
    const other = await served({ shed: { loop: { ms: 60 }, random: () => draws.shift() ?? 0 } })
    expect(
      await outcomeOf(other.ask('/fast')),
      'half-way from 20 to 100, which is the default; 0.24 was drawn for whether, and 0.999 for the second, from 1 to 3',
    ).toMatchObject({ value: { status: 503, headers: { 'retry-after': '3' } } })
    expect(await statusOf(other.ask('/fast')), 'half-way from 20 to 100, and 0.26 was drawn').toBe(200)
  })

  test('does not leave it to chance whether something urgent is done', async () => {
    const refused: OverloadError[] = []
    const { door, ask } = await served({
      door: { limit: 100 },
      shed: { loop: { ms: 1_000 }, onRefused: (error) => refused.push(error) },
      routes(app) {
        app.get('/urgent', { config: { urgency: 2 } }, async () => 'done')
        app.get('/probe', { config: { urgency: null } }, async () => 'done')
      },
    })
    const asked = vi.spyOn(door, 'enter')
    expect(await statusOf(ask('/fast')), 'the loop is a second late, and this has an urgency of 3').toBe(503)
    expect(asked, 'who is refused anyway does not go to the door').not.toHaveBeenCalled()
    expect(refused, 'onRefused hears of it').toMatchObject([{ because: 'busy' }])
    expect(refused[0]).toBeInstanceOf(OverloadError)
    expect(await statusOf(ask('/urgent')), 'an urgency of 2').toBe(200)
    expect(asked.mock.calls.length, 'how often the door was asked: once, for what is urgent').toBe(1)
    expect(
      await statusOf(ask('/urgent', { headers: { priority: 'u=6' } })),
      'an urgency of 2 that says of itself that it can wait (u=6)',
    ).toBe(503)
    expect(await statusOf(ask('/probe')), 'an urgency of null').toBe(200)
    await eventually(() => door.inside === 0)
    expect(door.inside).toBe(0)
  })
})

describe('Step 13: Nonsense', () => {
  test('refuses limits at the door that are out of bounds, by name', () => {
    const door = new Door({ limit: 1 })
    const nonsense: [Partial<ShedOptions>, RegExp][] = [
      [{ lateMs: { from: -1, to: 10 } }, /from/],
      [{ lateMs: { from: NaN, to: 10 } }, /from/],
      [{ lateMs: { from: 1, to: NaN } }, /to/],
      [{ lateMs: { from: 1, to: Infinity } }, /to/],
      [{ lateMs: { from: 10, to: 9 } }, /to/],
      [{ retryAfterS: { from: 1.5, to: 3 } }, /from/],
      [{ retryAfterS: { from: -1, to: 3 } }, /from/],
      [{ retryAfterS: { from: 1, to: Infinity } }, /to/],
      [{ retryAfterS: { from: 1, to: 2.5 } }, /to/],
      [{ retryAfterS: { from: 3, to: 1 } }, /to/],
    ]
    for (const [options, name] of nonsense) {
      const make = () => shedLoad(Fastify(), { door, ...options })
      expect(make, JSON.stringify(options)).toThrow(RangeError)
      expect(make, 'the message names the option').toThrow(name)
    }
    const odd = { lateMs: { from: 0, to: 0 }, retryAfterS: { from: 0, to: 0 } }
    expect(() => shedLoad(Fastify(), { door, ...odd }), 'unusual, and fine').not.toThrow()
  })
})
