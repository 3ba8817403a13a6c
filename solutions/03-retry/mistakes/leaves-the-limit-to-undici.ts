/**
 * Mistake: has undici watch for the headers, which begins when the request is sent: the queue for a connection has no end.
 * Replaces: http.ts
 * Killed by: counts the wait for a connection, and not the time in which the answer is read
 */
import type { Dispatcher } from 'undici'
import { requestWithRetry as correct } from '../http.ts'

export * from '../http.ts'

export const requestWithRetry: typeof correct = (client, request, { attemptMs = 10_000, ...options } = {}) => {
  const limited = (options: Dispatcher.RequestOptions) => client.request({ ...options, headersTimeout: attemptMs })
  return correct({ request: limited } as Dispatcher, request, { ...options, attemptMs: 86_400_000 })
}
