/**
 * Mistake: a key is unique, so every attempt gets one of its own; the carrier books once for each.
 * Replaces: http.ts
 * Killed by: sends the same idempotency key with each attempt
 */
import type { Dispatcher } from 'undici'
import { requestWithRetry as correct } from '../http.ts'

export * from '../http.ts'

export const requestWithRetry: typeof correct = (client, request, options) => {
  let attempt = 0
  const marking = (options: Dispatcher.RequestOptions) => {
    const headers = { ...(options.headers as Record<string, string>) }
    if (headers['idempotency-key']) headers['idempotency-key'] += `-${++attempt}`
    return client.request({ ...options, headers })
  }
  return correct({ request: marking } as Dispatcher, request, options)
}
