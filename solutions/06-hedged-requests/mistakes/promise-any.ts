/**
 * Mistake: sends the second request in any case, because nothing stops it when the first has answered.
 * Replaces: hedge.ts
 * Killed by: sends one request when the answer is in time, and a second one when it is not
 */
import { sleep } from '../../../shared/core/sleep.ts'
import type { HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R>(attempt: Attempt<R>, { latency }: HedgeOptions<R>): Promise<R> {
  const [first, second] = [new AbortController(), new AbortController()]
  const later = async () => {
    await sleep(latency.delayMs())
    return attempt(second.signal, 1)
  }
  return Promise.any([attempt(first.signal, 0), later()])
}
