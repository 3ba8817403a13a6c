import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** A source of numbers in [0, 1), like `Math.random`. */
export type Random = () => number

/** The same seed gives the same numbers, on every machine. */
export function seededRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed)
  // The first draws of neighbouring seeds are all alike, and close to 1.
  for (let i = 0; i < 16; i++) uniformFloat64(generator)
  return () => uniformFloat64(generator)
}
