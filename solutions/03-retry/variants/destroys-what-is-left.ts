/**
 * Another shape: reads chunk by chunk and keeps count; AbortSignal.any for the limit of an attempt.
 * Replaces: http.ts
 */
import type { Dispatcher } from 'undici'
import { ResponseError, TimeoutError } from '../../../shared/core/errors.ts'
import type { RequestRetryOptions, RetriedRequest } from '../http.ts'
import { retry } from '../retry.ts'

export type { RequestRetryOptions, RetriedRequest }

export async function requestWithRetry(
  client: Dispatcher,
  request: RetriedRequest,
  { attemptMs = 10_000, ...options }: RequestRetryOptions = {},
): Promise<Dispatcher.ResponseData> {
  if (!Number.isFinite(attemptMs) || attemptMs <= 0) throw new RangeError(`attemptMs cannot be ${attemptMs}`)
  const { idempotencyKey, method = 'GET', path, body } = request
  const headers = Object.entries(request.headers ?? {}).filter(([name]) => !/^idempotency-key$/i.test(name))
  if (idempotencyKey) headers.push(['Idempotency-Key', idempotencyKey])
  const { deadline = Infinity } = options

  const attempt = async (signal: AbortSignal) => {
    const leftMs = Math.min(attemptMs, deadline - performance.now())
    if (leftMs <= 0) throw new TimeoutError('Not begun')
    const until = performance.now() + leftMs
    const limit = new AbortController()
    const timer = setTimeout(() => limit.abort(new TimeoutError('No answer')), leftMs)
    const both = { signal: AbortSignal.any([signal, limit.signal]) }
    const response = await client
      .request({ method, path, headers: headers.flat(), body, ...both })
      .finally(() => clearTimeout(timer))
    if (response.statusCode < 400) return response
    await skim(response.body, Math.min(500, until - performance.now()))
    throw new ResponseError('Refused', response.statusCode, response.headers)
  }
  return retry(attempt, { ...options, ...request })
}

async function skim(body: Dispatcher.ResponseData['body'], ms: number): Promise<void> {
  let left = 200_000
  const timer = setTimeout(() => body.destroy(), ms)
  try {
    for await (const chunk of body) if ((left -= (chunk as Buffer).length) < 0) break
  } catch {
    // It was closed, which is as good as read.
  } finally {
    clearTimeout(timer)
  }
}
