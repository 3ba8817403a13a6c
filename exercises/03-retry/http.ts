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

export interface RequestRetryOptions extends Omit<RetryOptions, keyof Repeatable> {
  /** For each attempt, until there is an answer: milliseconds, finite, above 0. Default: 10,000. */
  attemptMs?: number
}

/**
 * undici's `client.request`, with retries. Resolves with the first response below 400, whose body is the caller's to
 * read; the bodies of the others have been read, or their connections closed. Sends the `idempotencyKey`, the same with
 * each attempt, in the place of a header of that name (draft-ietf-httpapi-idempotency-key-header).
 *
 * No attempt lasts beyond `attemptMs`, nor beyond the `deadline`; the queue for a connection is part of it.
 *
 * @throws ResponseError for a status of 400 or above that is not transient; as the `cause` of a RetryError if it is
 * @throws like `retry` for the rest; the `cause` is a TimeoutError if the last attempt took too long
 */
export async function requestWithRetry(
  client: Dispatcher,
  { method = 'GET', path, headers, body }: RetriedRequest,
  options: RequestRetryOptions = {},
): Promise<Dispatcher.ResponseData> {
  const attempt = async (signal: AbortSignal) => {
    const response = await client.request({ method, path, headers, body, signal })
    if (response.statusCode >= 500) throw new ResponseError('It did not work', response.statusCode)
    return response
  }
  return retry(attempt, options)
}
