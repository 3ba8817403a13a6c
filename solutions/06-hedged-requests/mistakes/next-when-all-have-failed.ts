/**
 * Mistake: asks the next replica when nobody runs any more: with three attempts, one that hangs keeps the third from its turn.
 * Replaces: hedge.ts
 * Killed by: asks the next replica at once when one has failed
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const { budget } = options
  let running = 0
  let failed = false
  const counted = async (signal: AbortSignal, number: number) => {
    running++
    try {
      return await attempt(signal, number)
    } catch (error) {
      failed = true
      throw error
    } finally {
      running--
    }
  }
  const tryWithdraw = () => {
    const waits = failed && running > 0
    failed = false
    return !waits && budget.tryWithdraw()
  }
  return correct(counted, { ...options, budget: { deposit: () => budget.deposit(), tryWithdraw } })
}
