/**
 * Mistake: cuts the text after four colons, which may be written in many ways.
 * Replaces: identity.ts
 * Killed by: takes all of a /64 for one client, and IPv4 for what it is
 */
import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'

export function networkOf(ip = ''): string {
  if (isIP(ip) === 0) return 'net:unknown'
  const plain = ip.replace(/^::ffff:(?=\d+\.)/, '')
  return isIP(plain) === 4 ? `net:${plain}` : `net:${plain.toLowerCase().split(':').slice(0, 4).join(':')}`
}

export const identify =
  (nameOfKey: ReadonlyMap<string, string>) =>
  ({ headers, ip }: Pick<FastifyRequest, 'headers' | 'ip'>): string => {
    const name = nameOfKey.get(String(headers['x-api-key']))
    return name === undefined ? networkOf(ip) : `key:${name}`
  }
