/**
 * Mistake: reads the whole of a failed response, and waits for the end of one that has none.
 * Replaces: http.ts
 * Killed by: does not read a failed response that has no end
 */
import { ResponseError } from '../../../shared/core/errors.ts'
import { retry } from '../retry.ts'
import type { requestWithRetry as correct } from '../http.ts'

export const requestWithRetry: typeof correct = (client, { idempotencyKey, ...request }, options) => {
  const { method = 'GET', path, headers, body } = request
  const attempt = async (signal: AbortSignal) => {
    const response = await client.request({ method, path, headers, body, signal })
    if (response.statusCode < 400) return response
    throw new ResponseError(await response.body.text(), response.statusCode, response.headers)
  }
  return retry(attempt, { ...options, method, idempotencyKey, body })
}
