/**
 * Mistake: takes the arrival of the headers for the end of the call; the body may drip for ever.
 * Replaces: client.ts
 * Killed by: gives up on a body that drips, and hangs up
 */
import type { Dispatcher } from 'undici'
import type { Call, Reply } from '../client.ts'
import { deadlineHeader, deadlineIn } from '../deadline.ts'
import { withTimeout } from '../timeout.ts'

export * from '../client.ts'

export async function call(
  client: Dispatcher,
  { timeoutMs, deadline, signal, headers, ...rest }: Call,
): Promise<Reply> {
  const limit = deadlineIn(timeoutMs, deadline)
  const all = { method: 'GET' as const, ...rest, headers: { ...headers, ...deadlineHeader(limit) } }
  const {
    statusCode,
    headers: received,
    body,
  } = await withTimeout((signal) => client.request({ ...all, signal }), timeoutMs, { deadline: limit, signal })
  return { status: statusCode, headers: received, body: await body.text() }
}
