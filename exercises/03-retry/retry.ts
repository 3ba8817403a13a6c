import { sleep } from '../../shared/core/sleep.ts'

export interface RetryOptions {
  /** Attempts in all, the first included. */
  maxAttempts?: number
  signal?: AbortSignal
}

// The naive form: wait a little, try again.
export async function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  { maxAttempts = 3, signal = new AbortController().signal }: RetryOptions = {},
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await operation(signal, attempt)
    } catch (error) {
      if (attempt >= maxAttempts) throw error
      await sleep(100)
    }
  }
}
