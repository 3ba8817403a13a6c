import { createShutdown, type ShutdownHook, type ShutdownOptions } from '#chapters/02-graceful-shutdown/shutdown.ts'
import { EventEmitter, once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { constants } from 'node:os'
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { elapse, holdTheClock } from '../../shared/testing/clock.ts'
import { eventually, outcomeOf } from '../../shared/testing/outcome.ts'
import { get, openWire, type Wire } from '../../shared/testing/wire.ts'

// The sockets are real, the clock and the way out are not.
beforeEach(holdTheClock)

const BIG = 'x'.repeat(12_000_000)

/** A service of a few routes, with its shutdown. */
async function start(options: Partial<ShutdownOptions> = {}) {
  const log: string[] = []
  // A request that still comes in on an open connection is to be answered; by default Fastify says 503.
  const app = Fastify({ return503OnClosing: false, logger: { stream: { write: (line) => void log.push(line) } } })
  const exit = vi.fn<(code: number) => void>()
  const shutdown = createShutdown(app, { drainDelayMs: 0, deadlineMs: 10_000, exit, ...options })

  const answers: (() => void)[] = []
  let finishStream = () => {}
  app.get('/fast', async () => 'at once')
  const slow = async () => {
    await new Promise<void>((resolve) => answers.push(resolve))
    return 'at last'
  }
  app.get('/slow', slow).post('/slow', slow)
  app.get('/big', async (_, reply) => reply.type('text/plain').send(BIG))
  app.get('/events', (_, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: hello\n\n')
    finishStream = () => reply.raw.end('data: goodbye\n\n')
    shutdown.signal.addEventListener('abort', finishStream)
  })
  const raw = (_: FastifyRequest, reply: FastifyReply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/plain' }).write('half')
    answers.push(() => reply.raw.end(' and half'))
  }
  app.get('/raw', raw).post('/raw', raw)
  app.post(
    '/refused',
    { onRequest: async (_, reply) => reply.code(401).send({ error: 'Who are you?' }) },
    async () => {},
  )
  app.get('/livez', async () => 'alive')
  app.get('/readyz', async (_, reply) => reply.code(shutdown.ready ? 200 : 503).send())
  await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    app.server.closeAllConnections()
    await app.close()
  })

  const { port } = app.server.address() as AddressInfo
  /** A new connection; with a path, one that has made its request, which the server has read. */
  const open = async (path?: string, wireOptions = {}): Promise<Wire> => {
    const early = `nobody took ${path ?? 'this connection'}: the listener or its connection was closed too early`
    const wire = await openWire(port, wireOptions)
    expect(wire.state, early).toBe('open')
    if (!path) return wire
    const arrived = outcomeOf(once(app.server, 'request'), 1_000)
    wire.say(get(path))
    expect((await arrived).status, early).toBe('fulfilled')
    return wire
  }
  const answer = () => answers.splice(0).forEach((resolve) => resolve())
  const logged = () => log.join('')
  return { app, shutdown, exit, open, answer, logged }
}

/** Hooks by their names, each of which says when it is called. */
function hooksOf(names: string[], calls: string[]): ShutdownHook[] {
  return names.map((name) => ({ name, close: async () => calls.push(name) }))
}

/** The head of a request with a body of two bytes, which is to follow. */
const post = (path: string) =>
  `POST ${path} HTTP/1.1\r\nhost: parcel\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n`

const overWell = 'all is done, and well: it exits, once, and with 0'
const ok = /^HTTP\/1.1 200 OK/
const closing = /^connection: close\r$/im

describe('Step 1: Fail readiness first', () => {
  test('is not ready from the first moment on, and stays alive', async () => {
    const { shutdown, exit, open } = await start({ drainDelayMs: 5_000 })
    const before = await open('/readyz')
    await before.hears('\r\n\r\n')
    expect(before.heard, 'ready until somebody says otherwise').toMatch(ok)

    void shutdown.begin('SIGTERM')
    expect(shutdown.ready, 'the balancer asks `ready`, and still sends its customers').toBe(false)
    const [readyz, livez] = [await open('/readyz'), await open('/livez')]
    await readyz.hears('\r\n\r\n')
    await livez.hears('alive')
    expect(readyz.heard).toMatch(/^HTTP\/1.1 503/)
    expect(livez.heard, 'shutting down is no reason to be restarted').toMatch(ok)
    await elapse(5_000)
    expect(
      exit,
      'the drain delay is over and nothing is open (do you wait on a clock that the test cannot turn?)',
    ).toHaveBeenCalledExactlyOnceWith(0)
  })

  test('goes on serving for the drain delay, and then stops listening', async () => {
    const { app, shutdown, exit, open } = await start({ drainDelayMs: 5_000 })
    void shutdown.begin('SIGTERM')
    await elapse(4_900)
    expect(exit, 'the balancer has not noticed yet, and the process has left').not.toHaveBeenCalled()
    expect(app.server.listening, 'the balancer still sends customers here, to a closed door').toBe(true)
    const late = await open('/fast')
    await late.hears('at once')
    expect(late.heard, 'a request in the drain delay is one like any other').toMatch(ok)
    await elapse(200)
    expect(app.server.listening, 'the drain delay is over').toBe(false)
    expect(exit, 'nothing is left to be done').toHaveBeenCalledExactlyOnceWith(0)
  })
})

describe('Step 2: Finish what has begun', () => {
  test('answers what is in flight before it exits', async () => {
    const { shutdown, exit, open, answer } = await start()
    const wire = await open('/slow')
    void shutdown.begin('SIGTERM')
    await elapse(5_000)
    expect(exit, 'somebody waits for an answer, and the process has left').not.toHaveBeenCalled()
    answer()
    await wire.hears('at last')
    expect(wire.heard).toMatch(ok)
    await elapse(1)
    expect(exit, 'the last answer is out; what are we waiting for?').toHaveBeenCalledExactlyOnceWith(0)
  })

  test('says Connection: close in every answer, also to requests that began before', async () => {
    const { shutdown, open, answer } = await start({ drainDelayMs: 1_000 })
    const begun = await open('/slow')
    const [idle, other] = [await open('/fast'), await open('/fast')]
    await idle.hears('at once')
    await other.hears('at once')
    void shutdown.begin('SIGTERM')

    answer()
    await begun.hears('at last')
    expect(begun.heard, 'it began before the signal, its headers did not: there is time to say it').toMatch(closing)
    idle.say(get('/fast'))
    await idle.ends()
    expect(idle.heard, 'it comes in the drain delay: its client should go and find another instance').toMatch(closing)
    other.say(get('/raw'))
    await other.hears('half')
    expect(other.heard, 'a handler that writes its own headers is no exception').toMatch(closing)
    answer()
    await elapse(1_000)
  })

  test('ends the connection of an answer whose headers were out already', async () => {
    const { shutdown, exit, open, answer } = await start()
    const [got, posted] = [await open('/raw'), await open()]
    posted.say(`${post('/raw')}{}`)
    for (const wire of [got, posted]) await wire.hears('half')
    void shutdown.begin('SIGTERM')
    await elapse(1_000)
    for (const { state } of [got, posted]) expect(state, 'the answer is not over').toBe('open')
    expect(exit, 'the answer is not over, and the process has left').not.toHaveBeenCalled()
    answer()
    for (const wire of [got, posted]) {
      await wire.hears('and half')
      expect(wire.heard, 'the answer, whole').toMatch('and half')
      expect(
        await wire.ends(),
        'it has promised keep-alive, so the connection stays open for a minute: who closes it after its answer?',
      ).toBe(true)
    }
    await elapse(1)
    expect(exit, overWell).toHaveBeenCalledExactlyOnceWith(0)
  })
})

describe('Step 3: Close what only waits', () => {
  test('closes connections that are idle, and those that were never used', async () => {
    const { shutdown, exit, open, answer } = await start()
    const [silent, idle, busy, posted] = [await open(), await open('/fast'), await open('/slow'), await open()]
    await idle.hears('at once')
    posted.say(`${post('/slow')}{}`)
    await eventually(() => false, 10)
    void shutdown.begin('SIGTERM')
    await elapse(2)
    expect(await idle.ends(), 'an idle connection keeps the process, and nobody waits for anything').toBe(true)
    expect(await silent.ends(), 'to Node (24) a connection that was never used is not idle, but it is').toBe(true)
    expect([idle.state, silent.state], 'closed, not reset').toEqual(['closed', 'closed'])
    expect(busy.state, 'this one was in use').toBe('open')
    expect(posted.state, 'in use as well: its request was read to its end, and is not answered yet').toBe('open')
    answer()
    await elapse(1)
    expect(exit, overWell).toHaveBeenCalledExactlyOnceWith(0)
  })

  test('closes a connection whose request was answered before it was read', async () => {
    const { shutdown, exit, open } = await start()
    const wire = await open()
    wire.say(`${post('/refused')}`)
    await wire.hears('}')
    wire.say('{}')
    await eventually(() => false, 10)
    void shutdown.begin('SIGTERM')
    await elapse(2)
    expect(await wire.ends(), 'what came after the answer was the rest of the old request, and not a new one').toBe(
      true,
    )
    expect(exit, overWell).toHaveBeenCalledExactlyOnceWith(0)
  })

  test('does not cut a request that is still on its way in', async () => {
    const { shutdown, exit, open } = await start()
    const [fresh, used] = [await open(), await open('/fast')]
    await used.hears('at once')
    const request = get('/fast')
    for (const { socket } of [fresh, used]) socket.write(request.slice(0, 9))
    await eventually(() => false, 10)
    void shutdown.begin('SIGTERM')
    await elapse(100)
    expect(exit, 'half of a request has arrived, and the process has left').not.toHaveBeenCalled()
    for (const wire of [fresh, used]) {
      wire.say(request.slice(9))
      await wire.ends()
      expect(wire.heard, 'half of the request had arrived; it deserves its answer').toMatch(/at once$/)
      expect(wire.heard).toMatch(closing)
    }
    await elapse(1)
    expect(exit, overWell).toHaveBeenCalledExactlyOnceWith(0)
  })

  test('does not cut an answer that is still on its way out', async () => {
    const { shutdown, exit, open } = await start()
    const wire = await open('/big', { paused: true })
    await eventually(() => false, 10)
    void shutdown.begin('SIGTERM')
    await elapse(100)
    expect(exit, 'the handler is done, its answer is not: most of it waits for a slow reader').not.toHaveBeenCalled()
    let received = 0
    wire.socket.on('data', (chunk: Buffer) => (received += chunk.length))
    await eventually(() => wire.state !== 'open', 2_000)
    expect(received, 'cut short, and without an error: ended is not the same as sent').toBeGreaterThan(BIG.length)
    await elapse(1)
    expect(exit, overWell).toHaveBeenCalledExactlyOnceWith(0)
  })

  test('answers a request that lies in the kernel and was not read yet', async () => {
    const { shutdown, exit, open } = await start()
    const wire = await open('/fast')
    await wire.hears('at once')
    // On loopback a write has arrived when it returns; the server's side looks for it in the next turn of the loop.
    wire.say(get('/fast'))
    void shutdown.begin('SIGTERM')
    vi.advanceTimersByTime(0)
    expect(exit, 'a request has arrived, and the process has left').not.toHaveBeenCalled()
    await elapse(1)
    await wire.ends()
    expect(wire.state, 'it had arrived, and got a reset: let the loop turn once before you call anybody idle').toBe(
      'closed',
    )
    expect(wire.heard.split('at once'), 'two requests, two answers').toHaveLength(3)
    expect(exit, overWell).toHaveBeenCalledExactlyOnceWith(0)
  })
})

describe('Step 4: Close the rest, last opened first', () => {
  test('runs the hooks in reverse order, one after the other, once the last answer is out', async () => {
    const calls: string[] = []
    const finished = Promise.withResolvers<void>()
    const hooks = hooksOf(['log', 'database'], calls)
    hooks.push({ name: 'worker', close: async () => (calls.push('worker'), finished.promise) })
    const { shutdown, exit, open, answer } = await start({ hooks })
    await open('/slow')
    void shutdown.begin('SIGTERM')
    await elapse(100)
    expect(exit, 'the hooks were never called').not.toHaveBeenCalled()
    expect(calls, 'a request is in flight, and it may need all of them').toEqual([])
    answer()
    await elapse(100)
    expect(calls, 'opened last, closed first; and the worker still needs what was opened before it').toEqual(['worker'])
    finished.resolve()
    await elapse(1)
    expect(calls).toEqual(['worker', 'database', 'log'])
    expect(exit, overWell).toHaveBeenCalledExactlyOnceWith(0)
  })

  test('gives each hook its time, and tells it when that is over', async () => {
    const signals: AbortSignal[] = []
    const hang = (signal: AbortSignal) => {
      signals.push(signal)
      return new Promise(() => {})
    }
    const calls: string[] = []
    const hooks = [
      ...hooksOf(['log'], calls),
      { name: 'pool', close: hang, timeoutMs: 500 },
      { name: 'cache', close: hang },
    ]
    const { shutdown, exit } = await start({ hooks })
    void shutdown.begin('SIGTERM')
    await elapse(900)
    expect(signals, 'the cache has a second, since it says nothing else').toHaveLength(1)
    expect(signals[0]!.aborted).toBe(false)
    await elapse(200)
    expect(signals[0]!.aborted, 'its time is over, and nobody told it').toBe(true)
    expect(signals, 'the next one has its turn').toHaveLength(2)
    expect(signals[1]!.aborted).toBe(false)
    await elapse(500)
    expect(signals[1]!.aborted).toBe(true)
    expect(calls).toEqual(['log'])
    expect(exit, 'something was left half closed: that is no success').toHaveBeenCalledExactlyOnceWith(1)
  })

  test('skips none because of one that fails', async () => {
    const calls: string[] = []
    const throws = () => {
      throw new Error('not even a promise')
    }
    const rejects = async () => Promise.reject(new Error('the pool would not close'))
    const [log, database] = hooksOf(['log', 'database'], calls)
    const hooks = [log!, { name: 'cache', close: throws }, database!, { name: 'pool', close: rejects }]
    const { shutdown, exit } = await start({ hooks })
    shutdown.begin('SIGTERM').catch(() => {})
    await elapse(1)
    expect(calls, 'one failed, and those after it were never closed').toEqual(['database', 'log'])
    expect(exit, 'something failed, and the exit code says that nothing did').toHaveBeenCalledExactlyOnceWith(1)
  })
})

describe('Step 5: One deadline over all of it', () => {
  test('cuts off a request that never ends, and keeps the time that the hooks need', async () => {
    const calls: string[] = []
    const { shutdown, exit, open } = await start({ drainDelayMs: 2_000, hooks: hooksOf(['log', 'pool'], calls) })
    exit.mockImplementation(() => void calls.push('exit'))
    const wire = await open('/slow')
    void shutdown.begin('SIGTERM')
    await elapse(7_900)
    expect(exit, 'two hooks of a second each leave the request 6 s after the drain delay').not.toHaveBeenCalled()
    expect(wire.state).toBe('open')
    await elapse(2_100)
    expect(exit, 'deadlineMs is over').toHaveBeenCalledExactlyOnceWith(1)
    expect(calls, 'one request took all of the time, and nothing was closed').toEqual(['pool', 'log', 'exit'])
    expect(await wire.ends(), 'the request is given up, its connection is open').toBe(true)
  })

  test('counts the drain delay and the hooks as well', async () => {
    const hang = () => new Promise(() => {})
    const hooks = ['log', 'pool'].map((name) => ({ name, close: hang, timeoutMs: 2_500 }))
    const { shutdown, exit, open } = await start({ drainDelayMs: 2_000, hooks })
    await open('/slow')
    void shutdown.begin('SIGTERM')
    await elapse(4_500)
    expect(exit, 'there are 10 s, and it took less than five').not.toHaveBeenCalled()
    await elapse(5_500)
    expect(
      exit,
      'deadlineMs is for all of it: the supervisor counts from the signal, and then kills',
    ).toHaveBeenCalledExactlyOnceWith(1)
  })

  test('refuses limits that do not add up', () => {
    const refused: Partial<ShutdownOptions>[] = [
      { drainDelayMs: 10_000 },
      { drainDelayMs: 8_000, hooks: hooksOf(['log', 'pool'], []) },
      { hooks: [{ name: 'pool', close: async () => {}, timeoutMs: 10_000 }] },
      { drainDelayMs: -1 },
      { drainDelayMs: -1, hooks: hooksOf(['pool'], []) },
      { drainDelayMs: NaN },
      { deadlineMs: NaN },
      { deadlineMs: Infinity },
      // More than setTimeout takes: it would fire after 1 ms.
      { deadlineMs: 2 ** 31 },
    ]
    const longest = () => createShutdown(Fastify(), { drainDelayMs: 0, deadlineMs: 2 ** 31 - 1 })
    expect(longest, '24 days are long, but setTimeout can do that').not.toThrow()
    for (const options of refused) {
      const create = () => createShutdown(Fastify(), { drainDelayMs: 0, deadlineMs: 10_000, ...options })
      const what = JSON.stringify({ ...options, deadlineMs: String(options.deadlineMs ?? 10_000) })
      expect(create, `limits that cannot all be kept: ${what}`).toThrow(RangeError)
    }
  })
})

describe('Step 7: Streams end when they are told', () => {
  test('tells streams to end when the drain delay is over, and not before', async () => {
    const { shutdown, exit, open } = await start({ drainDelayMs: 2_000 })
    const wire = await open('/events')
    await wire.hears('hello')
    const ended = vi.fn()
    shutdown.signal.addEventListener('abort', ended)
    void shutdown.begin('SIGTERM')
    await elapse(1_900)
    expect(
      ended,
      'its reader would connect again at once, through a balancer that knows nothing, and land here',
    ).not.toHaveBeenCalled()
    expect(exit, 'a stream is open, and the process has left').not.toHaveBeenCalled()
    await elapse(200)
    expect(ended, 'the stream was never told: it lasts until the deadline, and is cut').toHaveBeenCalledOnce()
    expect(await wire.ends()).toBe(true)
    expect(wire.heard, 'ended in good order: the last chunk has length 0').toMatch(/goodbye[^]*\r\n0\r\n\r\n$/)
    await elapse(1)
    expect(exit, overWell).toHaveBeenCalledExactlyOnceWith(0)
  })
})

describe('Step 8: Said twice', () => {
  test('gives everybody who begins it the same promise', async () => {
    const calls: string[] = []
    const { shutdown, exit } = await start({ drainDelayMs: 1_000, hooks: hooksOf(['pool'], calls) })
    const first = shutdown.begin('SIGTERM')
    const second = shutdown.begin('an impatient operator')
    expect(second, 'a second shutdown runs beside the first one').toBe(first)
    await elapse(1_000)
    expect(shutdown.begin('too late')).toBe(first)
    expect(await outcomeOf(first)).toMatchObject({ value: { reason: 'SIGTERM' } })
    expect(calls).toEqual(['pool'])
    expect(exit, overWell).toHaveBeenCalledExactlyOnceWith(0)
  })

  test('exits at once when a second signal comes', async () => {
    const orders = [
      ['SIGTERM', 'SIGINT', 130],
      ['SIGINT', 'SIGTERM', 143],
      ['SIGTERM', 'SIGTERM', 143],
    ] as const
    for (const [first, second, code] of orders) {
      const { shutdown, exit, open, answer } = await start()
      const source = new EventEmitter()
      onTestFinished(shutdown.install(source))
      await open('/slow')
      // What began in another way, such as by a preStop hook, is nobody's first signal.
      void shutdown.begin('preStop')
      source.emit(first, first, constants.signals[first])
      await elapse(100)
      expect(exit, 'this was the first signal: a request is in flight').not.toHaveBeenCalled()
      source.emit(second, second, constants.signals[second])
      expect(
        exit,
        `${first}, then ${second}: somebody finds that it takes too long; 128 + the number of the second signal`,
      ).toHaveBeenCalledExactlyOnceWith(code)
      answer()
      await elapse(1)
    }
  })
})

describe('Step 9: When nobody caught it', () => {
  test('shuts down in order after an error that nobody caught, and does not exit with 0', async () => {
    const { shutdown, exit, open, answer, logged } = await start()
    const source = new EventEmitter()
    onTestFinished(shutdown.install(source))
    const wire = await open('/slow')
    const uncaught = new Error('cannot read properties of undefined')
    expect(source.listenerCount('uncaughtException'), 'nobody listens, so Node ends the process on the spot').toBe(1)
    source.emit('uncaughtException', uncaught, 'uncaughtException')
    expect(
      source.emit('uncaughtException', new Error('and another'), 'uncaughtException'),
      'the first error was heard, at the second nobody listens: Node ends the process on the spot',
    ).toBe(true)
    expect(shutdown.ready, 'in what state is this process? Not one for new customers').toBe(false)
    await elapse(100)
    expect(exit, 'a request that has nothing to do with it is in flight').not.toHaveBeenCalled()
    answer()
    await wire.hears('at last')
    expect(wire.heard).toMatch(ok)
    await elapse(1)
    expect(exit, 'this was no planned end: whoever restarts it should know').toHaveBeenCalledExactlyOnceWith(1)
    expect(logged(), 'the error itself is what one will look for').toContain(uncaught.message)
  })

  test('remembers an error that comes in the middle of a shutdown', async () => {
    const { shutdown, exit, open, answer } = await start({ drainDelayMs: 1_000 })
    const source = new EventEmitter()
    onTestFinished(shutdown.install(source))
    await open('/slow')
    source.emit('SIGTERM', 'SIGTERM', 15)
    await elapse(500)
    expect(exit, 'the drain delay is not over').not.toHaveBeenCalled()
    source.emit('uncaughtException', new Error('and now this'), 'uncaughtException')
    await elapse(100)
    expect(exit, 'an error is no second signal').not.toHaveBeenCalled()
    answer()
    await elapse(500)
    expect(exit, 'it ended in order, but not well').toHaveBeenCalledExactlyOnceWith(1)
    expect(await outcomeOf(shutdown.begin('again'))).toMatchObject({ value: { reason: 'SIGTERM', exitCode: 1 } })
  })
})

describe('Step 10: Say why, and leave no trace', () => {
  test('tells why it ended, how, and what failed', async () => {
    const rejects = async () => Promise.reject(new Error('the pool would not close'))
    const { shutdown, logged } = await start({ drainDelayMs: 1_000, hooks: [{ name: 'pool', close: rejects }] })
    const report = outcomeOf(shutdown.begin('SIGTERM'))
    await elapse(1_000)
    expect(
      await report,
      'whoever awaits `begin` is told (elapsedMs: by performance.now(), which no NTP corrects)',
    ).toMatchObject({
      value: { reason: 'SIGTERM', exitCode: 1, failed: ['pool'], elapsedMs: expect.closeTo(1_000, -1) },
    })
    expect(logged(), 'the log has the error').toContain('the pool would not close')
    const last = JSON.parse(logged().trim().split('\n').at(-1)!)
    expect(last, 'and its last line the report: at 3 a.m. it is all there is').toMatchObject({
      reason: 'SIGTERM',
      exitCode: 1,
    })

    const stuck = await start({ hooks: hooksOf(['pool'], []) })
    await stuck.open('/slow')
    const cut = outcomeOf(stuck.shutdown.begin('SIGTERM'))
    await elapse(10_100)
    expect(await cut, 'a request was cut off').toMatchObject({ value: { exitCode: 1, failed: ['server'] } })
  })

  test('leaves no listener behind when it is installed and removed 1,000 times', async () => {
    const { shutdown, exit } = await start()
    const source = new EventEmitter()
    const events = ['SIGTERM', 'SIGINT', 'uncaughtException', 'unhandledRejection']
    const listening = () => events.reduce((sum, event) => sum + source.listenerCount(event), 0)
    for (let i = 0; i < 1_000; i++) {
      const remove = shutdown.install(source)
      expect(source.listenerCount('SIGTERM'), 'installed once, heard once').toBe(1)
      expect(source.listenerCount('SIGINT')).toBe(1)
      remove()
    }
    expect(listening(), 'listeners left behind').toBe(0)
    expect(source.emit('SIGTERM', 'SIGTERM', 15), 'nobody listens any more').toBe(false)
    expect(exit, 'a signal to nobody').not.toHaveBeenCalled()
  })
})
