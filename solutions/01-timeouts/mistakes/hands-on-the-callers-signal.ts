/**
 * Mistake: hands undici the caller's signal instead of its own: when the time is up, the connection stays.
 * Replaces: client.ts
 * Killed by: gives up on a carrier that accepts and never answers, and hangs up
 */
import type { Dispatcher } from 'undici'
import { type Call, call as correct, type Reply } from '../client.ts'

export * from '../client.ts'

export function call(client: Dispatcher, options: Call): Promise<Reply> {
  const deaf = {
    request: (request) => client.request({ ...request, signal: options.signal ?? request.signal }),
  } as Dispatcher
  return correct(deaf, options)
}
