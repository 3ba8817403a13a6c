/**
 * Mistake: forwards the headers that it was given, another request's deadline among them, beside its own.
 * Replaces: client.ts
 * Killed by: sends one deadline, its own, whatever else it forwards
 */
import type { Dispatcher } from 'undici'
import { type Call, call as correct, type Reply } from '../client.ts'

export * from '../client.ts'

export function call(client: Dispatcher, { headers, ...options }: Call): Promise<Reply> {
  const both = {
    request: (request) => client.request({ ...request, headers: { ...request.headers, ...headers } }),
  } as Dispatcher
  return correct(both, options)
}
