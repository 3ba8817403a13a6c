/**
 * Mistake: keys and addresses share their names: a key may be called like an address.
 * Replaces: identity.ts
 * Killed by: does not take a key for an address, nor an address for a key
 */
import type { FastifyRequest } from 'fastify'
import { networkOf } from '../identity.ts'

export { networkOf } from '../identity.ts'

export const identify =
  (nameOfKey: ReadonlyMap<string, string>) =>
  ({ headers, ip }: Pick<FastifyRequest, 'headers' | 'ip'>): string => {
    return nameOfKey.get(String(headers['x-api-key'])) ?? networkOf(ip)
  }
