// The libraries that one would otherwise take for a limit by client, each as it comes.
import { ClientLimits } from '#chapters/07-rate-limiting/clients.ts'
import { peer } from './report.ts'

/** For as long as these are measured, nothing comes back. */
const SECONDS = 3_600

/** Whether that client may, now; for those that promise, a promise of it. */
export type Take = (client: string) => boolean | Promise<boolean>

const LocalStore = peer('@fastify/rate-limit/store/LocalStore.js')
const { RateLimiterMemory } = peer('rate-limiter-flexible')
const { TokenBucket: Limiter } = peer('limiter')

/** So many of a burst for each client, and a store for so many clients. */
export const limits: Record<string, (burst: number, clients: number) => Take> = {
  ours(burst, maxClients) {
    const limits = new ClientLimits({ perSecond: burst / SECONDS, burst, maxClients })
    return (client) => limits.take(client).allowed
  },
  // Its store, in which a client is a counter and the time of its window; the plugin around it asks nothing else.
  '@fastify/rate-limit'(burst, clients) {
    const store = new LocalStore(false, false, clients)
    return (client) => {
      let allowed = false
      store.incr(
        client,
        (_error: unknown, { current }: { current: number }) => {
          allowed = current <= burst
        },
        SECONDS * 1000,
        burst,
      )
      return allowed
    }
  },
  'rate-limiter-flexible'(burst) {
    const limiter = new RateLimiterMemory({ points: burst, duration: SECONDS })
    return (client) =>
      limiter.consume(client).then(
        () => true,
        () => false,
      )
  },
  // It has no store: one writes the Map oneself, and mostly never takes anything out of it.
  'limiter, in a Map'(burst) {
    const buckets = new Map<string, { tryRemoveTokens(count: number): boolean }>()
    return (client) => {
      let bucket = buckets.get(client)
      if (!bucket) {
        bucket = new Limiter({ bucketSize: burst, tokensPerInterval: burst, interval: SECONDS * 1000 })
        Object.assign(bucket as object, { content: burst })
        buckets.set(client, bucket!)
      }
      return bucket!.tryRemoveTokens(1)
    }
  },
}
