/**
 * Mistake: limits the call, but does not tell the carrier, which works on for a caller who has gone.
 * Replaces: client.ts
 * Killed by: sends what it is given, and how long the carrier has
 */
import type { Dispatcher } from 'undici'
import type { Call, Reply } from '../client.ts'
import { withTimeout } from '../timeout.ts'

export * from '../client.ts'

export function call(client: Dispatcher, { timeoutMs, deadline, signal, ...rest }: Call): Promise<Reply> {
  const exchange = async (signal: AbortSignal) => {
    const response = await client.request({ method: 'GET', ...rest, signal })
    return { status: response.statusCode, headers: response.headers, body: await response.body.text() }
  }
  return withTimeout(exchange, timeoutMs, { deadline, signal })
}
