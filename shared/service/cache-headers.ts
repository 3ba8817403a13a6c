import { reasonOf } from './reasons.ts'
import type { Price } from './quote-cache.ts'

/** How a carrier's price was come by, or that there is none, and why. */
export type Told = { carrier: string } & (Pick<Price, 'how' | 'ageMs' | 'cause'> | { how: 'failed'; cause: unknown })

/** What caches and people may know about the answer: RFC 9111's Age and Cache-Control, RFC 9211's Cache-Status. */
export function cacheHeaders(all: Told[], freshMs: number): Record<string, string> {
  const secondsLeft = ({ ageMs }: { ageMs: number }) => Math.floor((freshMs - ageMs) / 1000)
  const statusOf = (price: Told): string => {
    const reason = price.cause === undefined ? '' : reasonOf(price.cause)
    const status = /^status-(\d+)$/.exec(reason)?.[1]
    const failed = status === undefined ? '' : `;fwd-status=${status}`
    switch (price.how) {
      case 'hit':
        return `hit;ttl=${secondsLeft(price)}`
      case 'miss':
        return 'fwd=miss'
      case 'shared':
        return 'fwd=miss;collapsed'
      case 'failed':
        return `fwd=miss${failed}`
      case 'stale':
        return price.cause === undefined
          ? `hit;ttl=${secondsLeft(price)}`
          : `fwd=stale${failed};ttl=${secondsLeft(price)}`
    }
  }
  const given = all.filter((one) => one.how !== 'failed')
  const kept = given.filter(({ how }) => how === 'hit' || how === 'stale').map(({ ageMs }) => ageMs)
  const isWhole = given.length === all.length && given.every(({ how }) => how !== 'stale')
  const freshS = Math.min(...given.map(secondsLeft))
  const ageS = Math.floor(Math.max(0, ...kept) / 1000)
  return {
    'cache-status': all.map((one) => `${one.carrier};${statusOf(one)}`).join(', '),
    // From which a cache takes the age.
    'cache-control': isWhole && freshS > 0 ? `private, max-age=${ageS + freshS}` : 'no-store',
    ...(kept.length > 0 && { age: String(ageS) }),
  }
}
