/**
 * Mistake: writes its deadline into the headers that it was given, which other calls may share.
 * Replaces: client.ts
 * Killed by: sends what it is given, and how long the carrier has
 */
import type { Dispatcher } from 'undici'
import { type Call, call as correct, type Reply } from '../client.ts'
import { deadlineHeader, deadlineIn } from '../deadline.ts'

export * from '../client.ts'

export async function call(client: Dispatcher, { headers = {}, ...options }: Call): Promise<Reply> {
  Object.assign(headers, deadlineHeader(deadlineIn(options.timeoutMs, options.deadline)))
  return correct(client, { headers, ...options })
}
