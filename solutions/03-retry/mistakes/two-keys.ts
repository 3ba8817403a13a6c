/**
 * Mistake: adds its key to the headers, where the caller has one in other letters: both are sent, and the carrier reads a third.
 * Replaces: http.ts
 * Killed by: sends the same idempotency key with each attempt
 */
import type { Dispatcher } from 'undici'
import { requestWithRetry as correct } from '../http.ts'

export * from '../http.ts'

export const requestWithRetry: typeof correct = (client, request, options) => {
  const own = Object.entries(request.headers ?? {}).flat()
  const adding = ({ headers, ...rest }: Dispatcher.RequestOptions) => {
    const key = (headers as Record<string, string> | undefined)?.['idempotency-key']
    return client.request({ ...rest, headers: key ? [...own, 'idempotency-key', key] : own })
  }
  return correct({ request: adding } as Dispatcher, request, options)
}
