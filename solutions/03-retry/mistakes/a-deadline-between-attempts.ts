/**
 * Mistake: the deadline is for retry, which asks it between attempts; within one, a carrier that says nothing or drips has no end.
 * Replaces: http.ts
 * Killed by: does not outlast its deadline, whatever the carrier does
 */
import { retry, type RetryOptions } from '../retry.ts'
import { requestWithRetry as correct, type RequestRetryOptions } from '../http.ts'

export * from '../http.ts'

export const requestWithRetry: typeof correct = (client, request, options: RequestRetryOptions = {}) => {
  const { deadline, signal, ...others } = options
  const once = (signal: AbortSignal) => correct(client, request, { ...others, maxAttempts: 1, signal })
  const unwrapped = (signal: AbortSignal) =>
    once(signal).catch((error) => {
      throw error.code === 'RETRY_EXHAUSTED' ? error.cause : error
    })
  return retry(unwrapped, { ...others, deadline, signal, ...request } as RetryOptions)
}
