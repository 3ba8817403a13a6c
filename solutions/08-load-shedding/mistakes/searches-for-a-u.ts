/**
 * Mistake: finds a u=5 in the middle of another word.
 * Replaces: urgency.ts
 * Killed by: takes a wish that makes no sense for none
 */
import { URGENCIES } from '../options.ts'

/**
 * How urgent a request is: as much as its route, or less if it says so. RFC 9218's `Priority: u=5` is a wish, and anybody
 * can send it; so it may step back, and not push ahead. A wish that is none counts for nothing.
 *
 * @param header `request.headers.priority`
 * @param own of the route, 0 (the most urgent) to 7
 */
export function urgencyOf(header: string | string[] | undefined, own: number): number {
  if (header === undefined) return own
  const members = String(header)
    .split(',')
    .map((member) => member.trim())
  // Of a key that comes twice, the last counts (RFC 9651, section 4.2.2), also when it makes no sense.
  const wish = /u=(\d)/.exec(members.at(-1) ?? '')?.[1]
  return wish !== undefined && Number(wish) < URGENCIES ? Math.max(own, Number(wish)) : own
}
