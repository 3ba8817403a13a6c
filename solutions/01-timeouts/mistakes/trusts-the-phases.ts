/**
 * Mistake: leaves the whole call to undici's limits, none of which watches the queue for a free connection.
 * Replaces: client.ts
 * Killed by: gives up while it waits for a free connection
 */
import type { Dispatcher } from 'undici'
import type { Call, Reply } from '../client.ts'
import { deadlineHeader, deadlineIn } from '../deadline.ts'

export * from '../client.ts'

export async function call(
  client: Dispatcher,
  { timeoutMs, deadline, signal, headers, ...rest }: Call,
): Promise<Reply> {
  const limit = deadlineIn(timeoutMs, deadline)
  const {
    statusCode,
    headers: received,
    body,
  } = await client.request({
    method: 'GET',
    ...rest,
    headers: { ...headers, ...deadlineHeader(limit) },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    signal,
  })
  return { status: statusCode, headers: received, body: await body.text() }
}
