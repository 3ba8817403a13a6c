/**
 * Mistake: asks the deadline at the head of the loop; a call that comes late is not made even once, and nobody threw what is its cause.
 * Replaces: retry.ts
 * Killed by: does not begin another attempt at the very deadline
 */
import { RetryError } from '../../../shared/core/errors.ts'
import { retry as correct } from '../retry.ts'

export * from '../retry.ts'

export const retry: typeof correct = async (operation, options = {}) => {
  const { deadline = Infinity } = options
  if (performance.now() >= deadline) throw new RetryError('Too late', 'deadline', { attempts: 0 })
  return correct(operation, options)
}
