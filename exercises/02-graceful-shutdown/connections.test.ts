import { beforeEach, describe, expect, test, vi } from 'vitest'
import { holdTheClock } from '../../shared/testing/clock.ts'
import { eventually } from '../../shared/testing/outcome.ts'
import {
  BIG,
  BODY,
  closing,
  elapse,
  GRACE_MS,
  ok,
  overWell,
  post,
  startService as start,
} from '../../shared/testing/stopping-service.ts'
import { hearWhatNobodyCaught } from '../../shared/testing/uncaught.ts'
import { get } from '../../shared/testing/wire.ts'

hearWhatNobodyCaught()
// The sockets are real, the clock and the way out are not.
beforeEach(holdTheClock)

describe('Step 2: Finish what has begun', () => {
  test('answers what is in flight before it exits', async () => {
    const { shutdown, exit, open, answer } = await start()
    const wire = await open('/slow')
    void shutdown.begin('SIGTERM')
    await elapse(5_000)
    expect(exit, 'somebody waits for an answer, and the process has left').not.toHaveBeenCalled()
    answer()
    await wire.hears('at last')
    expect(wire.heard, 'the answer that it waited for').toMatch(ok)
    await elapse(GRACE_MS)
    expect(exit, 'the last answer is out; what are we waiting for?').toHaveBeenCalledExactlyOnceWith(0)
  })

  test('says Connection: close in every answer, also to requests that began before', async () => {
    const { shutdown, open, answer } = await start({ drainDelayMs: 1_000 })
    const [begun, half] = [await open('/slow'), await open('/raw')]
    await half.hears('half')
    const [idle, other] = [await open('/fast'), await open('/fast')]
    await idle.hears('at once')
    await other.hears('at once')
    void shutdown.begin('SIGTERM')

    answer()
    await begun.hears('at last')
    expect(begun.heard, 'it began before the signal, its headers did not: there is time to say it').toMatch(closing)
    await half.hears('and half')
    await eventually(() => false, 5)
    half.say(get('/fast'))
    await half.ends()
    expect(
      half.heard,
      'it was promised keep-alive, and the door is open: its next answer is the place to say it',
    ).toMatch(closing)
    idle.say(get('/fast'))
    await idle.ends()
    expect(idle.heard, 'it comes in the drain delay: its client should go and find another instance').toMatch(closing)
    other.say(get('/raw'))
    await other.hears('half')
    expect(other.heard, 'a handler that writes its own headers is no exception').toMatch(closing)
    answer()
    await elapse(1_000 + GRACE_MS)
  })

  test('ends the connection of an answer whose headers were out already', async () => {
    const { shutdown, exit, open, answer } = await start()
    const [got, posted] = [await open('/raw'), await open()]
    posted.say(`${post('/raw')}${BODY}`)
    for (const wire of [got, posted]) await wire.hears('half')
    void shutdown.begin('SIGTERM')
    await elapse(1_000)
    for (const { state } of [got, posted]) expect(state, 'the answer is not over').toBe('open')
    expect(exit, 'the answer is not over, and the process has left').not.toHaveBeenCalled()
    answer()
    for (const wire of [got, posted]) {
      await wire.hears('and half')
      expect(wire.heard, 'the answer, whole').toMatch('and half')
      await elapse(GRACE_MS)
      expect(
        await wire.ends(),
        'it has promised keep-alive, so the connection stays open for a minute: who closes it after its answer?',
      ).toBe(true)
    }
    await elapse(GRACE_MS)
    expect(exit, overWell).toHaveBeenCalledExactlyOnceWith(0)
  })
})

describe('Step 3: Close what only waits', () => {
  test('closes connections that are idle, and those that were never used', async () => {
    const { shutdown, exit, open, answer } = await start()
    const [silent, idle, busy, posted] = [await open(), await open('/fast'), await open('/slow'), await open()]
    await idle.hears('at once')
    posted.say(`${post('/slow')}${BODY}`)
    const piped = await open()
    piped.say(`${get('/fast')}${get('/slow')}`)
    await piped.hears('at once')
    await eventually(() => false, 10)
    void shutdown.begin('SIGTERM')
    await elapse(GRACE_MS)
    expect(await idle.ends(), 'an idle connection keeps the process, and nobody waits for anything').toBe(true)
    expect(await silent.ends(), 'to Node (24) a connection that was never used is not idle, but it is').toBe(true)
    expect([idle.state, silent.state], 'idle and silent: closed, not reset').toEqual(['closed', 'closed'])
    expect(busy.state, 'this one was in use').toBe('open')
    expect(posted.state, 'in use as well: its request was read to its end, and is not answered yet').toBe('open')
    expect(piped.state, 'two requests on one connection, and the second is not answered yet').toBe('open')
    answer()
    await elapse(GRACE_MS)
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
    await elapse(GRACE_MS)
    expect(exit, overWell).toHaveBeenCalledExactlyOnceWith(0)
  })
})

describe('Step 11: Idle, to the byte', () => {
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
      expect(wire.heard, 'its answer comes during the shutdown, so it says Connection: close').toMatch(closing)
    }
    await elapse(GRACE_MS)
    expect(exit, overWell).toHaveBeenCalledExactlyOnceWith(0)
  })

  test('closes a connection whose request was answered before it was read', async () => {
    const { shutdown, exit, open } = await start()
    const [before, after] = [await open(), await open()]
    for (const wire of [before, after]) {
      wire.say(post('/refused'))
      await wire.hears('}')
    }
    before.say(BODY)
    await eventually(() => false, 10)
    void shutdown.begin('SIGTERM')
    await elapse(GRACE_MS)
    const rest = 'what came after the answer was the rest of the old request, and not a new one'
    expect(await before.ends(), rest).toBe(true)
    after.say(BODY)
    expect(await after.ends(), `${rest}; its end is one more moment in which a connection becomes idle`).toBe(true)
    await elapse(GRACE_MS)
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
    await elapse(GRACE_MS)
    await wire.ends()
    expect(
      wire.state,
      'it had arrived, and got a reset: let the event loop turn (setImmediate) before you call anybody idle',
    ).toBe('closed')
    expect(wire.heard.split('at once'), 'two requests, two answers').toHaveLength(3)
    expect(exit, overWell).toHaveBeenCalledExactlyOnceWith(0)
  })

  test('answers a request that comes in the moment in which an answer from before the signal ends', async () => {
    const { shutdown, exit, open, answer } = await start()
    const wire = await open('/raw')
    await wire.hears('half')
    void shutdown.begin('SIGTERM')
    await elapse(100)
    // It has arrived when the answer ends; the server's side has not looked for it yet.
    wire.say(get('/fast'))
    answer()
    await elapse(GRACE_MS)
    expect(await wire.ends(), 'the shutdown is on, and the connection stays open after its answers').toBe(true)
    expect(wire.state, 'it had arrived, and got a reset: let the event loop turn after an answer, too').toBe('closed')
    expect(wire.heard, 'two requests, two answers').toMatch(/and half[^]*at once$/)
    await elapse(GRACE_MS)
    expect(exit, overWell).toHaveBeenCalledExactlyOnceWith(0)
  })

  test('takes an empty line between requests for no request', async () => {
    const { shutdown, exit, open } = await start()
    const [used, fresh] = [await open('/fast'), await open()]
    await used.hears('at once')
    for (const { socket } of [used, fresh]) socket.write('\r\n')
    await eventually(() => false, 10)
    void shutdown.begin('SIGTERM')
    await elapse(GRACE_MS)
    const waits =
      'two bytes have arrived, an empty line, which a client may send (RFC 9112): nobody waits for an answer'
    expect(await used.ends(), waits).toBe(true)
    expect(await fresh.ends(), waits).toBe(true)
    expect(exit, overWell).toHaveBeenCalledExactlyOnceWith(0)
  })

  test('does not wait for a client that leaves its own side open', async () => {
    const { shutdown, exit, open, answer } = await start()
    const [wire, busy] = [await open('/fast', { halfOpen: true }), await open('/slow')]
    await wire.hears('at once')
    await eventually(() => false, 10)
    void shutdown.begin('SIGTERM')
    await elapse(GRACE_MS)
    expect(exit, 'somebody waits for an answer, and the process has left').not.toHaveBeenCalled()
    answer()
    await busy.hears('at last')
    await elapse(GRACE_MS)
    expect(
      exit,
      'all is idle, and the process stays: `socket.end()` closes our side and waits for theirs, `destroy()` does not',
    ).toHaveBeenCalledExactlyOnceWith(0)
  })

  test('says Connection: close where a handler says keep-alive', async () => {
    const { shutdown, exit, open } = await start({
      drainDelayMs: 1_000,
      extend(app) {
        const others = { 'proxy-connection': 'kept', 'connection-id': 'kept' }
        app.get('/stays', async (_, reply) => reply.headers({ connection: 'keep-alive', ...others }).send('stay'))
        app.get('/stream', (_, reply) => {
          reply.hijack()
          const answer = reply.raw.setHeader('Cache-Control', 'no-cache')
          answer.writeHead(200, { 'Content-Type': 'text/event-stream', Connection: 'keep-alive' }).end('stay')
        })
      },
    })
    const wires = [await open(), await open()]
    void shutdown.begin('SIGTERM')
    for (const [i, path] of ['/stays', '/stream'].entries()) {
      wires[i]!.say(get(path))
      expect(
        await wires[i]!.hears('stay'),
        `${path} was not answered in the drain delay: does setHeader still return its answer?`,
      ).toBe(true)
      expect(
        wires[i]!.heard,
        `${path}: its handler says keep-alive, as tutorials on event streams do, and it was yours to say`,
      ).toMatch(closing)
    }
    for (const line of ['\r\nproxy-connection: kept', '\r\nconnection-id: kept'])
      expect(wires[0]!.heard, 'a header whose name only contains "connection" is not yours').toContain(line)
    await elapse(1_000 + GRACE_MS)
    expect(exit, overWell).toHaveBeenCalledExactlyOnceWith(0)
  })
})
