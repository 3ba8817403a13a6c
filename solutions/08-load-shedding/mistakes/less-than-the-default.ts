/**
 * Mistake: lets nobody be more urgent than 3 who says anything: a booking that can wait a little is a quote.
 * Replaces: urgency.ts
 * Killed by: hears who can wait, and does not believe who cannot
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
  const wish = /^u=(\d)(;.*)?$/.exec(members.findLast((member) => /^u(=|;|$)/.test(member)) ?? '')?.[1]
  return wish !== undefined && Number(wish) < URGENCIES ? Math.max(3, Number(wish)) : own
}
