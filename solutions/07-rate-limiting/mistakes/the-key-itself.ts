/**
 * Mistake: the secret is the name: in metrics, in logs, and in Redis.
 * Replaces: identity.ts
 * Killed by: takes an API key for a client only if it is known
 */
import type { FastifyRequest } from 'fastify'
import { networkOf } from '../identity.ts'

export { networkOf } from '../identity.ts'

export const identify =
  (nameOfKey: ReadonlyMap<string, string>) =>
  ({ headers, ip }: Pick<FastifyRequest, 'headers' | 'ip'>): string => {
    const key = String(headers['x-api-key'])
    return nameOfKey.has(key) ? `key:${key}` : networkOf(ip)
  }
