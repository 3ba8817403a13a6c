import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import ipaddr from 'ipaddr.js'

/**
 * Whose address it is, as far as addresses tell: all of a /64 is one house, which has a billion times as many of them
 * as there are clients (RFC 6177). IPv4 in the dress of IPv6 (`::ffff:192.0.2.1`) is that IPv4.
 */
export function networkOf(ip = ''): string {
  // First, as the library reads `1` and `010.1` as addresses, too.
  const version = isIP(ip)
  if (version === 0) return 'net:unknown'
  if (version === 4) return `net:${ip}`
  const address = ipaddr.process(ip)
  if (address instanceof ipaddr.IPv4) return `net:${address}`
  const prefix = address.parts.slice(0, 4).map((part) => part.toString(16))
  return `net:${prefix.join(':')}::/64`
}

/**
 * Who asks: by the API key, but only one that is known, or inventing keys would be inventing clients; or else by the
 * address, which is Fastify's `request.ip`. What a client has written into `X-Forwarded-For` is in that only if
 * `trustProxy` says so: name the proxies by their addresses.
 */
export const identify =
  (nameOfKey: ReadonlyMap<string, string>) =>
  ({ headers, ip }: Pick<FastifyRequest, 'headers' | 'ip'>): string => {
    const name = nameOfKey.get(String(headers['x-api-key']))
    return name === undefined ? networkOf(ip) : `key:${name}`
  }
