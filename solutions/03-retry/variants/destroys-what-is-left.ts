/**
 * Another shape: reads chunk by chunk and keeps count, with a race against a timer.
 * Replaces: http.ts
 */
import type { Dispatcher } from 'undici'
import { ResponseError } from '../../../shared/core/errors.ts'
import type { RetriedRequest } from '../http.ts'
import { retry, type RetryOptions } from '../retry.ts'
import type { Repeatable } from '../retryable.ts'

export type { RetriedRequest }

export async function requestWithRetry(
  client: Dispatcher,
  request: RetriedRequest,
  options: Omit<RetryOptions, keyof Repeatable> = {},
): Promise<Dispatcher.ResponseData> {
  const { idempotencyKey, method = 'GET', path, body } = request
  const headers: Record<string, string> = { ...request.headers }
  if (idempotencyKey) headers['Idempotency-Key'] = idempotencyKey
  return retry(
    (signal) =>
      client.request({ method, path, headers, body, signal }).then(async (response) => {
        if (response.statusCode >= 400) {
          await skim(response.body)
          throw new ResponseError('Refused', response.statusCode, response.headers)
        }
        return response
      }),
    { ...options, ...request },
  )
}

async function skim(body: Dispatcher.ResponseData['body']): Promise<void> {
  let left = 200_000
  const timer = setTimeout(() => body.destroy(), 500)
  try {
    for await (const chunk of body) if ((left -= (chunk as Buffer).length) < 0) break
  } catch {
    // It was closed, which is as good as read.
  } finally {
    clearTimeout(timer)
  }
}
