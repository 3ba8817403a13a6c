/**
 * Mistake: writes the header when the call is made; what it then waits for a connection is promised to the carrier as well.
 * Replaces: client.ts
 * Killed by: tells the carrier what is left when the call leaves the queue
 */
import type { Dispatcher } from 'undici'
import { type Call, call as correct, type Reply } from '../client.ts'

export * from '../client.ts'

export function call(client: Dispatcher, options: Call): Promise<Reply> {
  const early = {
    request: ({ headers, ...rest }) => client.request({ ...rest, headers: { ...headers } }),
  } as Dispatcher
  return correct(early, options)
}
