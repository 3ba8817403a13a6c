import type { Redis } from '#chapters/07-rate-limiting/shared.ts'
import type { Level } from '#chapters/09-graceful-degradation/levels.ts'

/** Value and rest of its life in one answer: between two, it may have been written anew. */
const GET = `local kept = redis.call('GET', KEYS[1])
if not kept then return false end
return {kept, redis.call('PTTL', KEYS[1])}`
const SET = `redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])`

/**
 * A second level in a Redis. A key lives until its answer is `keepMs` old, and tells its age by what is left of that: by the
 * clock of Redis, and of no instance.
 */
export function redisLevel<T>(run: Redis, { prefix, keepMs }: { prefix: string; keepMs: number }): Level<T> {
  return {
    async get(key) {
      const found = (await run(GET, [prefix + key], [])) as [json: string, leftMs: number] | null
      if (!found) return undefined
      const { lifeMs, ...kept } = JSON.parse(found[0])
      // By its own `keepMs`: in the week of a deploy there are two.
      return { ...kept, ageMs: lifeMs - found[1] }
    },
    async set(key, { value, ageMs, tookMs }) {
      const leftMs = Math.floor(keepMs - ageMs)
      // Redis takes no 0, and no fractions.
      if (leftMs >= 1)
        await run(SET, [prefix + key], [JSON.stringify({ value, tookMs, lifeMs: leftMs + ageMs }), String(leftMs)])
    },
  }
}
