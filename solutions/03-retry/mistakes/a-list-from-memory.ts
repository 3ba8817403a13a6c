/**
 * Mistake: the codes that come to mind; a name server that is busy and a route that flaps do not.
 * Replaces: retryable.ts
 * Killed by: tells what may pass from what will not
 */
import { causesOf } from '../../../shared/core/errors.ts'
import { isTransient as correct } from '../retryable.ts'

export * from '../retryable.ts'

const FORGOTTEN = ['EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE', 'UND_ERR_BODY_TIMEOUT']

export const isTransient = (error: unknown): boolean =>
  correct(error) && ![...causesOf(error)].some((cause) => FORGOTTEN.includes(Object(cause).code))
