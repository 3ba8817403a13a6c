/**
 * Mistake: waits for the delay to pass, also when there is nothing left to wait for.
 * Replaces: hedge.ts
 * Killed by: asks the next replica at once when one has failed
 */
import { sleep } from '../../../shared/core/sleep.ts'
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const patient = async (signal: AbortSignal, number: number) => {
    const delay = sleep(options.latency.delayMs())
    try {
      return await attempt(signal, number)
    } catch (error) {
      await delay
      throw error
    }
  }
  return correct(patient, options)
}
