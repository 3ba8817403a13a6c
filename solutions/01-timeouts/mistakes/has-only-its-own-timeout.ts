/**
 * Mistake: tells the carrier of the deadline, but itself waits for the whole of its own timeout.
 * Replaces: client.ts
 * Killed by: gives up on a carrier that accepts and never answers, and hangs up
 */
import type { Dispatcher } from 'undici'
import { type Call, call as correct, type Reply } from '../client.ts'
import { deadlineHeader, deadlineIn } from '../deadline.ts'

export * from '../client.ts'

export const call = (client: Dispatcher, { deadline, headers, ...options }: Call): Promise<Reply> =>
  correct(client, { ...options, headers: { ...headers, ...deadlineHeader(deadlineIn(options.timeoutMs, deadline)) } })
