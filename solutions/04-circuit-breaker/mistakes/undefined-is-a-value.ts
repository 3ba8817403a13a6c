/**
 * Mistake: lets an option that is undefined replace the default.
 * Replaces: options.ts
 * Killed by: takes the default for an option that is undefined
 */
import { type BreakerOptions, withDefaults as correct } from '../options.ts'

export type * from '../options.ts'

export const withDefaults = (options: BreakerOptions) => ({ ...correct(options), ...options })
