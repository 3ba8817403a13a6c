import type { Dispatcher } from 'undici'
import { type Deadline, deadlineAfter, msUntil } from '../../shared/core/deadline.ts'
import { ResponseError, TimeoutError } from '../../shared/core/errors.ts'
import { checkOptions, durationMs } from '../../shared/core/options.ts'
import { sleep } from '../../shared/core/sleep.ts'
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
  { idempotencyKey, ...request }: RetriedRequest,
  { attemptMs = 10_000, ...options }: RequestRetryOptions = {},
): Promise<Dispatcher.ResponseData> {
  checkOptions({ attemptMs }, { attemptMs: durationMs })
  const { method = 'GET', path, body } = request
  const headers = idempotencyKey ? withKey(idempotencyKey, request.headers) : request.headers
  const attempt = async (signal: AbortSignal) => {
    const limit = Math.min(deadlineAfter(attemptMs), options.deadline ?? Infinity)
    const response = await answerBy(limit, signal, (signal) => client.request({ method, path, body, headers, signal }))
    if (response.statusCode < 400) return response
    await drain(response.body, Math.min(DRAIN_MS, msUntil(limit)))
    throw new ResponseError(`${method} ${path}: ${response.statusCode}`, response.statusCode, response.headers)
  }
  return retry(attempt, { ...options, method, idempotencyKey, body })
}

/** One key, however the caller has spelt a header of its own: of two, the server takes neither, or the wrong one. */
function withKey(key: string, headers: Record<string, string> = {}): Record<string, string> {
  const others = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'idempotency-key')
  return { ...Object.fromEntries(others), 'idempotency-key': key }
}

/** The limit is for the answer; the signal goes on to end the request for as long as its body is read. */
async function answerBy(
  limit: Deadline,
  signal: AbortSignal,
  request: (signal: AbortSignal) => Promise<Dispatcher.ResponseData>,
): Promise<Dispatcher.ResponseData> {
  const tooLate = new TimeoutError('There was no answer in time')
  if (msUntil(limit) <= 0) throw tooLate

  const ended = new AbortController()
  const answered = new AbortController()
  const onAbort = () => ended.abort(signal.reason)
  const forget = () => signal.removeEventListener('abort', onAbort)
  signal.addEventListener('abort', onAbort)
  sleep(msUntil(limit), answered.signal).then(
    () => ended.abort(tooLate),
    () => {},
  )
  try {
    const response = await request(ended.signal)
    response.body.once('close', forget)
    return response
  } catch (error) {
    forget()
    throw error
  } finally {
    answered.abort()
  }
}

/** An unread body keeps its connection, and the next attempt opens another, or waits for this one for ever. */
async function drain(body: Dispatcher.ResponseData['body'], drainMs: number): Promise<void> {
  // undici stops at 128 kB; but a body that drips would keep the next attempt waiting for hours.
  const timer = setTimeout(() => body.destroy(), drainMs)
  await body.dump().finally(() => clearTimeout(timer))
}
