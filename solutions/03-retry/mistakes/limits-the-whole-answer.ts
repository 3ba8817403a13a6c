/**
 * Mistake: one limit from the request to the last byte of the body: a success is cut off while it is read.
 * Replaces: http.ts
 * Killed by: counts the wait for a connection, and not the time in which the answer is read
 */
import type { Dispatcher } from 'undici'
import { requestWithRetry as correct } from '../http.ts'

export * from '../http.ts'

export const requestWithRetry: typeof correct = (client, request, { attemptMs = 10_000, ...options } = {}) => {
  const limited = async (options: Dispatcher.RequestOptions) => {
    const response = await client.request(options)
    const timer = setTimeout(() => response.body.destroy(), attemptMs)
    response.body.once('close', () => clearTimeout(timer))
    return response
  }
  return correct({ request: limited } as Dispatcher, request, { ...options, attemptMs })
}
