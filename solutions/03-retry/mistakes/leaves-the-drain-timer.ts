/**
 * Mistake: limits the reading of a failed response, and never clears the timer of that limit: one for each failure.
 * Replaces: http.ts
 * Killed by: reads a failed response to its end, so that its connection is free again
 */
import { ResponseError } from '../../../shared/core/errors.ts'
import { retry } from '../retry.ts'
import type { requestWithRetry as correct } from '../http.ts'

export const requestWithRetry: typeof correct = (client, { idempotencyKey, ...request }, options) => {
  const { method = 'GET', path, headers, body } = request
  const attempt = async (signal: AbortSignal) => {
    const response = await client.request({ method, path, headers, body, signal })
    if (response.statusCode < 400) return response
    setTimeout(() => response.body.destroy(), 1_000)
    await response.body.dump()
    throw new ResponseError('Refused', response.statusCode, response.headers)
  }
  return retry(attempt, { ...options, method, idempotencyKey, body })
}
