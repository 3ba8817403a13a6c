/**
 * Mistake: masks IPv4 in the dress of IPv6, too: all of them are one client.
 * Replaces: identity.ts
 * Killed by: takes all of a /64 for one client, and IPv4 for what it is
 */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { FastifyRequest } from 'fastify'

export function networkOf(ip = ''): string {
  if (isIP(ip) === 0) return 'net:unknown'
  const address = ipaddr.parse(ip)
  if (address instanceof ipaddr.IPv4) return `net:${address}`
  return `net:${address.parts.slice(0, 4).join(':')}`
}

export const identify =
  (nameOfKey: ReadonlyMap<string, string>) =>
  ({ headers, ip }: Pick<FastifyRequest, 'headers' | 'ip'>): string => {
    const name = nameOfKey.get(String(headers['x-api-key']))
    return name === undefined ? networkOf(ip) : `key:${name}`
  }
