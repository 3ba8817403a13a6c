/**
 * Mistake: calls everything that goes wrong in a call a timeout, a refused connection too.
 * Replaces: client.ts
 * Killed by: has undici watch each phase, and calls every kind of too late a timeout
 */
import type { Dispatcher } from 'undici'
import { TimeoutError } from '../../../shared/core/errors.ts'
import { type Call, call as correct, type Reply } from '../client.ts'

export * from '../client.ts'

export const call = (client: Dispatcher, options: Call): Promise<Reply> =>
  correct(client, options).catch((cause) => {
    throw options.signal?.aborted || cause instanceof TimeoutError ? cause : new TimeoutError('Timed out', { cause })
  })
