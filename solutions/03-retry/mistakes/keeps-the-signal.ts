/**
 * Mistake: retry has the signal, the request has not; it goes on for a caller who left, and holds its connection.
 * Replaces: http.ts
 * Killed by: hands its options on, and the signal as far as the request
 */
import type { Dispatcher } from 'undici'
import { requestWithRetry as correct } from '../http.ts'

export const requestWithRetry: typeof correct = (client, request, options) => {
  const deaf = {
    request: (options: Dispatcher.RequestOptions) => client.request({ ...options, signal: undefined }),
  }
  return correct(deaf as Dispatcher, request, options)
}
