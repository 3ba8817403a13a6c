/**
 * Mistake: reads the body of what it will retry, and leaves that of a 404, which holds its connection from then on.
 * Replaces: http.ts
 * Killed by: reads a failed response to its end, so that its connection is free again
 */
import type { Dispatcher } from 'undici'
import { requestWithRetry as correct } from '../http.ts'
import { TRANSIENT_STATUSES } from '../retryable.ts'

export * from '../http.ts'

export const requestWithRetry: typeof correct = (client, request, options) => {
  const leaving = async (options: Dispatcher.RequestOptions) => {
    const response = await client.request(options)
    const isFinal = response.statusCode >= 400 && !TRANSIENT_STATUSES.has(response.statusCode)
    return isFinal ? { ...response, body: { once: () => {}, dump: async () => {} } } : response
  }
  return correct({ request: leaving } as unknown as Dispatcher, request, options)
}
