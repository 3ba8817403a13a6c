import { Extras, type ExtrasOptions } from '#chapters/09-graceful-degradation/extras.ts'
import type { Flag } from '#chapters/09-graceful-degradation/flags.ts'
import { getEventListeners } from 'node:events'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { TimeoutError } from '../../shared/core/errors.ts'
import type { Operation } from '../../shared/core/operation.ts'
import { outcomeOf, promisesSettle } from '../../shared/testing/outcome.ts'

beforeEach(() => {
  vi.useFakeTimers()
  vi.advanceTimersByTime(5_000)
})

const extras = (options: Partial<ExtrasOptions> = {}) =>
  new Extras({ flagOf: () => 'on', allows: () => true, limitMs: 50, ...options })

/** What `run` says, in a word or two; never a rejection. */
async function said(promise: Promise<unknown>) {
  const outcome = await outcomeOf(promise, 3)
  return outcome.status === 'fulfilled' ? outcome.value : outcome
}

const goodbye = new Error('the customer has hung up')

describe('Step 5: Extras are extra', () => {
  test('never runs what is off, and asks the dimmer about nothing but auto', async () => {
    const table: [Flag, boolean, string, number][] = [
      ['off', true, 'off', 0],
      ['on', false, 'given', 0],
      ['auto', true, 'given', 1],
      ['auto', false, 'dimmed', 1],
    ]
    for (const [flag, isAllowed, status, asked] of table) {
      const allows = vi.fn<(name: string) => boolean>(() => isAllowed)
      const flagOf = vi.fn<(name: string) => Flag>(() => flag)
      const operation = vi.fn<Operation<number>>(async () => 500)
      const extra = await said(extras({ flagOf, allows }).run('room', operation))
      expect(extra, `an extra that is ${flag}, where the dimmer would say ${isAllowed}`).toEqual(
        status === 'given' ? { status, value: 500 } : { status },
      )
      expect(operation, `runs of what is ${status}`).toHaveBeenCalledTimes(status === 'given' ? 1 : 0)
      expect(flagOf.mock.calls, 'whose flag was asked for').toEqual([['room']])
      expect(allows.mock.calls, `what the dimmer was asked, of what is ${flag}`).toEqual(asked ? [['room']] : [])
    }
  })

  test('gives up on what is late, and stops it', async () => {
    let signal: AbortSignal | undefined
    const extra = extras().run('room', (own) => {
      signal = own
      return new Promise(() => {})
    })
    await vi.advanceTimersByTimeAsync(49)
    expect(await said(extra), 'after 49 ms, with a limit of 50').toEqual({ status: 'pending' })
    await vi.advanceTimersByTimeAsync(1)
    expect(await said(extra), 'after 50').toEqual({ status: 'late', cause: expect.any(TimeoutError) })
    expect(signal!.aborted, 'whether it was told to stop').toBe(true)
    const obedient = extras().run('room', (own) => {
      return new Promise((_, reject) => own.addEventListener('abort', () => reject(own.reason)))
    })
    await vi.advanceTimersByTimeAsync(50)
    expect(await said(obedient), 'of one that rejects as soon as it is told to stop: it is late all the same').toEqual({
      status: 'late',
      cause: expect.any(TimeoutError),
    })
    const quick = extras().run('room', () => new Promise((resolve) => setTimeout(resolve, 49, 500)))
    await vi.advanceTimersByTimeAsync(49)
    expect(await said(quick), 'of one that takes 49 ms').toEqual({ status: 'given', value: 500 })
  })

  test('fails nobody’s request when an extra fails', async () => {
    const oops = new Error('oops')
    const throws = () => {
      throw oops
    }
    const failed = { status: 'failed', cause: oops }
    expect(await said(extras().run('room', () => Promise.reject(oops))), 'of one that rejects').toEqual(failed)
    const inner = new TimeoutError('its carrier has taken too long')
    expect(
      await said(extras().run('room', () => Promise.reject(inner))),
      'of one that fails with a TimeoutError of its own, long before limitMs: that is a failure',
    ).toEqual({ status: 'failed', cause: inner })
    let promise: Promise<unknown> | undefined
    expect(() => (promise = extras().run('room', throws)), 'one that throws at once').not.toThrow()
    expect(await said(promise!), 'of one that throws at once').toEqual(failed)
    expect(await said(extras({ flagOf: throws }).run('room', async () => 1)), 'when its flag cannot be had').toEqual(
      failed,
    )
    const dimmer = extras({ flagOf: () => 'auto', allows: throws })
    expect(await said(dimmer.run('room', async () => 1)), 'when the dimmer fails').toEqual(failed)
    expect(await said(extras().run('room', async () => undefined)), 'of one that gives undefined').toEqual({
      status: 'given',
      value: undefined,
    })
  })

  test('does not go on for somebody who has gone', async () => {
    const leaver = new AbortController()
    let signal: AbortSignal | undefined
    const extra = extras().run(
      'room',
      (own) => {
        signal = own
        return new Promise(() => {})
      },
      leaver.signal,
    )
    await promisesSettle()
    leaver.abort(goodbye)
    expect(await said(extra), 'when the caller has gone').toEqual({ status: 'failed', cause: goodbye })
    expect(signal!.aborted, 'whether it was told to stop').toBe(true)
    const operation = vi.fn<Operation<number>>(async () => 500)
    expect(await said(extras().run('room', operation, leaver.signal)), 'who had gone before').toEqual({
      status: 'failed',
      cause: goodbye,
    })
    expect(operation, 'what is begun for who had gone before').not.toHaveBeenCalled()
  })

  test('leaves no timer, no listener and no rejection behind', async () => {
    const unhandled = vi.fn<(reason: unknown) => void>()
    process.on('unhandledRejection', unhandled)
    const { signal } = new AbortController()
    let hung: (error: unknown) => void = () => {}
    const late = extras().run('room', () => new Promise((_, reject) => (hung = reject)), signal)
    await vi.advanceTimersByTimeAsync(50)
    expect(await said(late), 'after 50 ms').toMatchObject({ status: 'late' })
    hung(new Error('aborted'))
    await said(extras().run('room', async () => 500, signal))
    await said(extras().run('room', () => Promise.reject(new Error('oops')), signal))
    await promisesSettle()
    process.off('unhandledRejection', unhandled)
    expect(unhandled.mock.calls, 'rejections that nobody has heard').toEqual([])
    expect(getEventListeners(signal, 'abort').length, 'listeners on a signal that lives on').toBe(0)
    expect(vi.getTimerCount(), 'timers').toBe(0)
  })
})
