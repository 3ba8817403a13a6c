/**
 * Mistake: believes the last of X-Forwarded-For, also where there is no proxy that could have written it.
 * Replaces: identity.ts
 * Killed by: does not believe what a client writes into X-Forwarded-For
 */
import type { FastifyRequest } from 'fastify'
import { networkOf } from '../identity.ts'

export { networkOf } from '../identity.ts'

export const identify =
  (nameOfKey: ReadonlyMap<string, string>) =>
  ({ headers, ip }: Pick<FastifyRequest, 'headers' | 'ip'>): string => {
    const name = nameOfKey.get(String(headers['x-api-key']))
    if (name !== undefined) return `key:${name}`
    return networkOf(
      String(headers['x-forwarded-for'] ?? ip)
        .split(',')
        .at(-1)!
        .trim(),
    )
  }
