/**
 * Another shape: iterators made by hand, the ceiling by a formula, delays in whole milliseconds.
 * Replaces: backoff.ts
 */
import { checkOptions, finiteMs } from '../../../shared/core/options.ts'
import type { Backoff, BackoffOptions } from '../backoff.ts'

export type { Backoff, BackoffOptions }

function backoff(
  { baseMs, capMs }: BackoffOptions,
  next: (n: number, before: number, random: number) => number,
): Backoff {
  checkOptions({ baseMs, capMs }, { baseMs: finiteMs, capMs: finiteMs })
  if (!(baseMs <= capMs)) throw new RangeError('baseMs and capMs are no backoff')
  return (random) => {
    let n = 0
    let ms = baseMs
    return { next: () => ({ done: false, value: Math.floor((ms = next(n++, ms, random()))) }) }
  }
}

const ceiling = ({ baseMs, capMs }: BackoffOptions, n: number) => Math.min(capMs, baseMs * 2 ** Math.min(n, 32))

export const fullJitter = (options: BackoffOptions): Backoff =>
  backoff(options, (n, _, random) => random * ceiling(options, n))

export const equalJitter = (options: BackoffOptions): Backoff =>
  backoff(options, (n, _, random) => ceiling(options, n) * (0.5 + random / 2))

export const decorrelatedJitter = (options: BackoffOptions): Backoff =>
  backoff(options, (_, before, random) => {
    const most = Math.min(options.capMs, before * 3)
    return options.baseMs * (1 - random) + most * random
  })
