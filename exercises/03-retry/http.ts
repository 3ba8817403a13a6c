import type { Dispatcher } from 'undici'
import { ResponseError } from '../../shared/core/errors.ts'
import { retry, type RetryOptions } from './retry.ts'
import type { Repeatable } from './retryable.ts'

export interface RetriedRequest extends Repeatable {
  path: string
  method?: Dispatcher.HttpMethod
  headers?: Record<string, string>
  body?: Dispatcher.RequestOptions['body']
}

/**
 * undici's `client.request`, with retries. Resolves with the first response below 400, whose body is the caller's to
 * read. Sends the `idempotencyKey` as a header of that name.
 */
export function requestWithRetry(
  client: Dispatcher,
  { method = 'GET', path, headers, body }: RetriedRequest,
  options: Omit<RetryOptions, keyof Repeatable> = {},
): Promise<Dispatcher.ResponseData> {
  const attempt = async (signal: AbortSignal) => {
    const response = await client.request({ method, path, headers, body, signal })
    if (response.statusCode >= 500) throw new ResponseError('It did not work', response.statusCode)
    return response
  }
  return retry(attempt, options)
}
