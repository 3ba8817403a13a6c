/**
 * Mistake: has the headers, and takes its listener away; who leaves while a failed response is read waits for the rest of it.
 * Replaces: http.ts
 * Killed by: hands its options on, and the signal as far as the request
 */
import type { Dispatcher } from 'undici'
import { requestWithRetry as correct } from '../http.ts'

export const requestWithRetry: typeof correct = (client, request, options) => {
  const deaf = {
    request: async (options: Dispatcher.RequestOptions & { signal: AbortSignal }) => {
      const heard = new AbortController()
      const onAbort = () => heard.abort(options.signal.reason)
      options.signal.addEventListener('abort', onAbort)
      const response = await client.request({ ...options, signal: heard.signal })
      if (response.statusCode >= 400) options.signal.removeEventListener('abort', onAbort)
      return response
    },
  }
  return correct(deaf as unknown as Dispatcher, request, options)
}
