/**
 * Mistake: lists undici's errors from memory, and calls a connection that broke a timeout.
 * Replaces: client.ts
 * Killed by: has undici watch each phase, and calls every kind of too late a timeout
 */
import { type Dispatcher, errors } from 'undici'
import { TimeoutError } from '../../../shared/core/errors.ts'
import { type Call, call as correct, type Reply } from '../client.ts'

export * from '../client.ts'

export async function call(client: Dispatcher, options: Call): Promise<Reply> {
  try {
    return await correct(client, options)
  } catch (error) {
    if (error instanceof errors.SocketError) throw new TimeoutError(error.message, { cause: error })
    throw error
  }
}
