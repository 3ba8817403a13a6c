/**
 * Mistake: takes whatever key it is sent: who makes up keys makes up clients.
 * Replaces: identity.ts
 * Killed by: takes an API key for a client only if it is known
 */
import type { FastifyRequest } from 'fastify'
import { networkOf } from '../identity.ts'

export { networkOf } from '../identity.ts'

export const identify =
  (nameOfKey: ReadonlyMap<string, string>) =>
  ({ headers, ip }: Pick<FastifyRequest, 'headers' | 'ip'>): string => {
    const key = headers['x-api-key']
    if (!key) return networkOf(ip)
    return `key:${nameOfKey.get(String(key)) ?? key}`
  }
