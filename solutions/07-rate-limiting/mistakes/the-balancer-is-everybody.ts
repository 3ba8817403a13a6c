/**
 * Mistake: the address of the socket: behind a proxy, all are one client.
 * Replaces: identity.ts
 * Killed by: does not believe what a client writes into X-Forwarded-For
 */
import type { FastifyRequest } from 'fastify'
import { networkOf } from '../identity.ts'

export { networkOf } from '../identity.ts'

export const identify =
  (nameOfKey: ReadonlyMap<string, string>) =>
  ({
    headers,
    socket,
    ip,
  }: Pick<FastifyRequest, 'headers' | 'ip'> & { socket?: { remoteAddress?: string } }): string => {
    const name = nameOfKey.get(String(headers['x-api-key']))
    return name === undefined ? networkOf(socket?.remoteAddress ?? ip) : `key:${name}`
  }
