import type { Dispatcher } from 'undici'
import { ResponseError } from '../../shared/core/errors.ts'
import { retry, type RetryOptions } from './retry.ts'
import type { Repeatable } from './retryable.ts'

/** For how long the rest of a failed response is worth reading, for its connection's sake. */
const DRAIN_MS = 1_000

export interface RetriedRequest extends Repeatable {
  path: string
  method?: Dispatcher.HttpMethod
  headers?: Record<string, string>
  body?: Dispatcher.RequestOptions['body']
}

/**
 * undici's `client.request`, with retries. Resolves with the first response below 400, whose body is the caller's to
 * read; the bodies of the others have been read, or their connections closed. Sends the `idempotencyKey`, the same with
 * each attempt (draft-ietf-httpapi-idempotency-key-header).
 *
 * @throws ResponseError for a status of 400 or above that is not transient; as the `cause` of a RetryError if it is
 * @throws like `retry` for the rest
 */
export function requestWithRetry(
  client: Dispatcher,
  { idempotencyKey, ...request }: RetriedRequest,
  options: Omit<RetryOptions, keyof Repeatable> = {},
): Promise<Dispatcher.ResponseData> {
  const { method = 'GET', path, body } = request
  const headers = idempotencyKey ? { ...request.headers, 'idempotency-key': idempotencyKey } : request.headers
  const attempt = async (signal: AbortSignal) => {
    const response = await client.request({ method, path, body, headers, signal })
    if (response.statusCode < 400) return response
    await drain(response.body)
    throw new ResponseError(`${method} ${path}: ${response.statusCode}`, response.statusCode, response.headers)
  }
  return retry(attempt, { ...options, method, idempotencyKey, body })
}

/** An unread body keeps its connection, and the next attempt opens another, or waits for this one for ever. */
async function drain(body: Dispatcher.ResponseData['body']): Promise<void> {
  // undici stops at 128 kB; but a body that drips would keep the next attempt waiting for hours.
  const timer = setTimeout(() => body.destroy(), DRAIN_MS)
  await body.dump().finally(() => clearTimeout(timer))
}
