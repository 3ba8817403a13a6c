/**
 * Mistake: has one limit for the headers and one for the body, and no signal for the second: it drips on, for nobody.
 * Replaces: client.ts
 * Killed by: gives up on a body that drips, and hangs up
 */
import type { Dispatcher } from 'undici'
import type { Call, Reply } from '../client.ts'
import { deadlineHeader, deadlineIn } from '../deadline.ts'
import { withTimeout } from '../timeout.ts'

export * from '../client.ts'

export async function call(client: Dispatcher, options: Call): Promise<Reply> {
  const { timeoutMs, deadline, signal, headers, ...rest } = options
  const limits = { deadline: deadlineIn(timeoutMs, deadline), signal }
  const all = { method: 'GET' as const, ...rest, headers: { ...headers, ...deadlineHeader(limits.deadline) } }
  const open = (own: AbortSignal) => {
    const untilHeaders = new AbortController()
    own.addEventListener('abort', () => untilHeaders.abort(own.reason))
    return client.request({ ...all, signal: untilHeaders.signal })
  }
  const response = await withTimeout(open, Infinity, limits)
  const body = await withTimeout(() => response.body.text(), Infinity, limits)
  return { status: response.statusCode, headers: response.headers, body }
}
