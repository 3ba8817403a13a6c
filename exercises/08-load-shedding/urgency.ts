/**
 * How urgent a request is: as much as its route, or less if it says so (RFC 9218's `Priority: u=5`).
 *
 * @param header `request.headers.priority`
 * @param own of the route, 0 (the most urgent) to 7
 */
export function urgencyOf(header: string | string[] | undefined, own: number): number {
  // Who, if not the caller, knows how urgent it is?
  const [, wish = own] = /u=(\d+)/.exec(String(header)) ?? []
  return Number(wish)
}
