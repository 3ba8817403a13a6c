/**
 * Mistake: takes a failure rate of 50 for 50 %, and so never opens.
 * Replaces: options.ts
 * Killed by: refuses options that are out of bounds, by name
 */
import { type BreakerOptions, withDefaults as correct } from '../options.ts'

export type * from '../options.ts'

export const withDefaults = (options: BreakerOptions) => ({ ...correct({}), ...options })
