/**
 * Mistake: the whole of an IPv6 address: every house has 2 to the 64th clients.
 * Replaces: identity.ts
 * Killed by: takes all of a /64 for one client, and IPv4 for what it is
 */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { FastifyRequest } from 'fastify'

export function networkOf(ip = ''): string {
  if (isIP(ip) === 0) return 'net:unknown'
  return `net:${ipaddr.process(ip)}`
}

export const identify =
  (nameOfKey: ReadonlyMap<string, string>) =>
  ({ headers, ip }: Pick<FastifyRequest, 'headers' | 'ip'>): string => {
    const name = nameOfKey.get(String(headers['x-api-key']))
    return name === undefined ? networkOf(ip) : `key:${name}`
  }
