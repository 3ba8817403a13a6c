/**
 * Mistake: looks at how the header begins, and lets Date.parse make something of the rest: 'Wed, 2099' is 73 years, a 31 Feb in March.
 * Replaces: retry-after.ts
 * Killed by: takes a past date for now, and rubbish for nothing
 */
import { parseRetryAfter as correct } from '../retry-after.ts'

export * from '../retry-after.ts'

export function parseRetryAfter(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string' || !/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(header)) return correct(header)
  const at = Date.parse(header.replace(/( GMT)?$/, ' GMT'))
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now())
}
