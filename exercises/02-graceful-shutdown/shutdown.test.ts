import {
  createShutdown,
  type ShutdownHook,
  type ShutdownOptions,
  type ShutdownReport,
} from '#chapters/02-graceful-shutdown/shutdown.ts'
import { EventEmitter } from 'node:events'
import { constants } from 'node:os'
import { inspect } from 'node:util'
import Fastify, { type FastifyInstance } from 'fastify'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { holdTheClock } from '../../shared/testing/clock.ts'
import { outcomeOf } from '../../shared/testing/outcome.ts'
import { elapse, GRACE_MS, ok, overWell, startService as start } from '../../shared/testing/stopping-service.ts'
import { hearWhatNobodyCaught } from '../../shared/testing/uncaught.ts'

hearWhatNobodyCaught()
// The sockets are real, the clock and the way out are not.
beforeEach(holdTheClock)

/** Hooks by their names, each of which says when it is called. */
function hooksOf(names: string[], calls: string[]): ShutdownHook[] {
  return names.map((name) => ({ name, close: async () => calls.push(name) }))
}

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
    expect(readyz.heard, 'what the balancer is told').toMatch(/^HTTP\/1.1 503/)
    expect(livez.heard, 'shutting down is no reason to be restarted').toMatch(ok)
    await elapse(5_000 + GRACE_MS)
    expect(
      exit,
      'the drain delay is over and nothing is open: does it wait on the global setTimeout and performance.now()? The tests turn no other clock',
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
    await elapse(100 + GRACE_MS)
    expect(app.server.listening, 'the drain delay is over, and the door is still open').toBe(false)
    expect(exit, 'nothing is left to be done').toHaveBeenCalledExactlyOnceWith(0)
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
    await elapse(GRACE_MS)
    expect(calls, 'in the order in which they were called').toEqual(['worker', 'database', 'log'])
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
    expect(signals, 'after 0.9 s one hook runs: the cache has a second, since it says nothing else').toHaveLength(1)
    expect(signals[0]!.aborted, 'the signal of the cache, which has 0.1 s left').toBe(false)
    await elapse(300)
    expect(signals[0]!.aborted, 'the time of the cache is over, and nobody told it').toBe(true)
    expect(signals, 'the pool has its turn when the time of the cache is over').toHaveLength(2)
    expect(signals[1]!.aborted, 'the signal of the pool, which has a signal of its own and 0.3 s left').toBe(false)
    await elapse(500)
    expect(signals[1]!.aborted, 'the time of the pool is over, and nobody told it').toBe(true)
    expect(calls, 'two hooks ran out of time, and the one after them was never closed').toEqual(['log'])
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
    await elapse(GRACE_MS)
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
    expect(wire.state, 'the request has time left, and its connection was cut').toBe('open')
    await elapse(100 + GRACE_MS)
    expect(calls, 'after 8 s the request is cut, or nothing is closed before deadlineMs is over').toEqual([
      'pool',
      'log',
      'exit',
    ])
    expect(exit, 'a request was cut off: that is no success').toHaveBeenCalledExactlyOnceWith(1)
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
    const tooMuch: Partial<ShutdownOptions>[] = [
      { drainDelayMs: 10_000 },
      { drainDelayMs: 8_000, hooks: hooksOf(['log', 'pool'], []) },
      { hooks: [{ name: 'pool', close: async () => {}, timeoutMs: 10_000 }] },
    ]
    for (const options of tooMuch) {
      const create = () => createShutdown(Fastify(), { drainDelayMs: 0, deadlineMs: 10_000, ...options })
      const what = inspect({ deadlineMs: 10_000, ...options }, { breakLength: Infinity })
      const wanted = `these leave the requests no time, and wanted a RangeError that names deadlineMs: ${what}`
      expect(create, wanted).toThrow(RangeError)
      expect(create, wanted).toThrow('deadlineMs')
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
    await elapse(GRACE_MS)
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
    expect(shutdown.begin('too late'), 'it is over, and a second one begins').toBe(first)
    expect(await outcomeOf(first), 'the first reason is the reason').toMatchObject({ value: { reason: 'SIGTERM' } })
    expect(calls, 'each hook is called once').toEqual(['pool'])
    await elapse(GRACE_MS)
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
      await elapse(GRACE_MS)
    }
  })
})

describe('Step 9: When nobody caught it', () => {
  test('shuts down in order after an error that nobody caught, and does not exit with 0', async () => {
    const calls: string[] = []
    const hooks = hooksOf(['pool'], calls)
    const { shutdown, exit, open, answer, logged } = await start({ drainDelayMs: 1_000, hooks })
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
    const late = await open('/fast')
    expect(await late.hears('at once'), 'the balancer knows as little as ever: the drain delay holds').toBe(true)
    answer()
    await wire.hears('at last')
    expect(wire.heard, 'the answer that it waited for').toMatch(ok)
    await elapse(900 + GRACE_MS)
    expect(calls, 'what it failed of is one thing, what is to be closed another: the hooks run').toEqual(['pool'])
    expect(exit, 'this was no planned end: whoever restarts it should know').toHaveBeenCalledExactlyOnceWith(1)
    expect(logged(), 'the error itself is what one will look for').toContain(uncaught.message)
    expect(await outcomeOf(shutdown.begin('again')), 'what it failed of').toMatchObject({
      value: { reason: 'uncaughtException', failed: ['uncaughtException'] },
    })
  })

  test('remembers an error that comes in the middle of a shutdown', async () => {
    const { shutdown, exit, open, answer, logged } = await start({ drainDelayMs: 1_000 })
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
    await elapse(500 + GRACE_MS)
    expect(exit, 'it ended in order, but not well').toHaveBeenCalledExactlyOnceWith(1)
    expect(logged(), 'counted, and told nobody: the error itself is what one will look for').toContain('and now this')
    const report = { reason: 'SIGTERM', exitCode: 1, failed: ['uncaughtException'] }
    expect(await outcomeOf(shutdown.begin('again')), 'the error is in the report').toMatchObject({ value: report })
  })
})

describe('Step 10: Say why, and leave no trace', () => {
  test('tells why it ended, how, and what failed', async () => {
    const rejects = async () => Promise.reject(new Error('it would not close'))
    const { shutdown, exit, logged } = await start({ drainDelayMs: 1_000, hooks: [{ name: 'pool', close: rejects }] })
    let logAtExit = ''
    exit.mockImplementation(() => void (logAtExit = logged()))
    const source = new EventEmitter()
    onTestFinished(shutdown.install(source))
    source.emit('SIGINT', 'SIGINT', constants.signals.SIGINT)
    await elapse(1_000 + GRACE_MS)
    const report = await outcomeOf(shutdown.begin('and again'))
    expect(report, 'whoever awaits `begin` is told why, how, and what failed').toMatchObject({
      value: { reason: 'SIGINT', exitCode: 1, failed: ['pool'] },
    })
    const { elapsedMs } = (report as { value: ShutdownReport }).value
    const how = 'elapsedMs, of a shutdown that took a second; by performance.now(), which no NTP corrects'
    expect(elapsedMs, how).toBeGreaterThanOrEqual(1_000)
    expect(elapsedMs, how).toBeLessThanOrEqual(1_000 + GRACE_MS)
    const lines = logAtExit.trim().split('\n')
    const told = lines.find((line) => line.includes('it would not close'))
    expect(told, 'the log has the error, before it exits, and says whose: the name of the hook').toContain('pool')
    const last = JSON.parse(lines.at(-1)!)
    expect(last, 'and its last line is the report, before it exits: at 3 a.m. it is all there is').toMatchObject({
      reason: 'SIGINT',
      exitCode: 1,
      failed: ['pool'],
      elapsedMs: expect.any(Number),
    })

    const stuck = await start({ hooks: hooksOf(['pool'], []) })
    await stuck.open('/slow')
    const cut = outcomeOf(stuck.shutdown.begin('SIGTERM'))
    await elapse(10_000 + GRACE_MS)
    expect(await cut, 'a request was cut off').toMatchObject({ value: { exitCode: 1, failed: ['server'] } })
  })

  test('leaves no listener behind when it is installed and removed 1,000 times', async () => {
    const { shutdown, exit } = await start()
    const source = new EventEmitter()
    const others = vi.fn()
    source.on('SIGTERM', others)
    const events = ['SIGTERM', 'SIGINT', 'uncaughtException', 'unhandledRejection']
    const listening = () => events.reduce((sum, event) => sum + source.listenerCount(event), 0)
    for (let i = 0; i < 1_000; i++) {
      const remove = shutdown.install(source)
      expect(source.listenerCount('SIGTERM'), 'installed once, heard once, beside a listener of somebody else').toBe(2)
      expect(source.listenerCount('SIGINT'), 'installed once, heard once').toBe(1)
      remove()
    }
    expect(listening(), 'ours are gone, and the one that is not ours has stayed').toBe(1)
    source.emit('SIGTERM', 'SIGTERM', 15)
    expect(others, 'somebody else’s listener was removed').toHaveBeenCalledOnce()
    expect(exit, 'a signal to nobody').not.toHaveBeenCalled()
  })
})

describe('Step 12: Plugins, and limits that are none', () => {
  test('closes the plugins as well, in the time of the requests', async () => {
    const calls: string[] = []
    const stuck = Promise.withResolvers<void>()
    const extend = (app: FastifyInstance) => {
      app.addHook('onClose', () => (calls.push('plugin'), stuck.promise))
    }
    const { shutdown, exit } = await start({ extend, hooks: hooksOf(['log', 'pool'], calls) })
    onTestFinished(() => stuck.resolve())
    const report = outcomeOf(shutdown.begin('SIGTERM'), 1_000)
    await elapse(7_900)
    expect(
      calls,
      'plugins close in their onClose hooks, which app.close() calls and app.server.close() does not',
    ).toEqual(['plugin'])
    expect(exit, 'a plugin has not closed, and it has 8 s: what the two hooks leave').not.toHaveBeenCalled()
    await elapse(100 + GRACE_MS)
    expect(calls, 'a plugin hangs: that must not take the time of the hooks').toEqual(['plugin', 'pool', 'log'])
    expect(exit, 'a plugin was not closed: that is no success').toHaveBeenCalledExactlyOnceWith(1)
    expect(await report, 'app.close() did not end in time').toMatchObject({ value: { failed: ['server'] } })
  })

  test('goes on after a plugin that fails to close, and does not exit with 0', async () => {
    const calls: string[] = []
    const extend = (app: FastifyInstance) => {
      app.addHook('onClose', async () => Promise.reject(new Error('the plugin would not close')))
    }
    const { shutdown, exit, logged } = await start({ extend, hooks: hooksOf(['pool'], calls) })
    const report = outcomeOf(shutdown.begin('SIGTERM'), 1_000)
    await elapse(GRACE_MS)
    expect(calls, 'the hooks run, whatever app.close() does').toEqual(['pool'])
    expect(exit, 'app.close() has rejected').toHaveBeenCalledExactlyOnceWith(1)
    expect(await report, 'app.close() has rejected').toMatchObject({ value: { failed: ['server'] } })
    expect(logged(), 'the log has the error').toContain('the plugin would not close')
  })

  test('refuses limits that are none', () => {
    const odd: unknown[] = [-1, NaN, Infinity, '500', null]
    const hook = (timeoutMs: unknown): ShutdownHook[] => [
      { name: 'pool', close: async () => {}, timeoutMs: timeoutMs as number },
    ]
    const refused: [string, unknown, object][] = odd.flatMap((value) => [
      ['drainDelayMs', value, { drainDelayMs: value }],
      ['deadlineMs', value, { deadlineMs: value }],
      ['timeoutMs', value, { hooks: hook(value) }],
    ])
    // What a negative limit would give away is not there to be given.
    refused.push(['drainDelayMs', -1, { drainDelayMs: -1, hooks: hooksOf(['pool'], []) }])
    const taken = refused.filter(([name, , options]) => {
      try {
        createShutdown(Fastify(), { drainDelayMs: 0, deadlineMs: 10_000, ...options })
        return true
      } catch (error) {
        return !(error instanceof RangeError && error.message.includes(name))
      }
    })
    const names = taken.map(([name, value]) => `${name}: ${inspect(value)}`)
    expect(names, 'limits that are none, each of which wanted a RangeError that names it').toEqual([])
  })

  test('keeps a limit that is longer than a timer can be, or refuses it', async () => {
    let service: Awaited<ReturnType<typeof start>>
    try {
      service = await start({ deadlineMs: 2 ** 31 + 5_000 })
    } catch (error) {
      return expect(error, 'a right answer too: to refuse what setTimeout cannot hold').toBeInstanceOf(RangeError)
    }
    const { shutdown, exit, open, answer } = service
    const wire = await open('/slow')
    void shutdown.begin('SIGTERM')
    await elapse(60_000)
    expect(
      exit,
      'a deadline of 24 days was over in a minute: setTimeout fires what it cannot hold after 1 ms',
    ).not.toHaveBeenCalled()
    answer()
    expect(await wire.hears('at last'), 'the request had 24 days, and was cut after one millisecond').toBe(true)
    await elapse(GRACE_MS)
    expect(exit, overWell).toHaveBeenCalledExactlyOnceWith(0)
  })
})
