/**
 * Mistake: believes X-Real-IP, which a proxy of ours may set, or hand on as the client has written it.
 * Replaces: identity.ts
 * Killed by: does not believe what a client writes into X-Forwarded-For
 */
import type { FastifyRequest } from 'fastify'
import { identify as right } from '../identity.ts'

export { networkOf } from '../identity.ts'

export const identify =
  (nameOfKey: ReadonlyMap<string, string>) =>
  ({ headers, ip }: Pick<FastifyRequest, 'headers' | 'ip'>): string =>
    right(nameOfKey)({ headers, ip: String(headers['x-real-ip'] ?? ip) })
