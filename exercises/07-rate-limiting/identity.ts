import type { FastifyRequest } from 'fastify'

/**
 * Whose address it is, as far as addresses tell: `net:` and the IPv4 address, or the first 64 bits of IPv6. `ipaddr.js` is
 * there, and `isIP` of `node:net`.
 */
export function networkOf(ip = ''): string {
  return `net:${ip}`
}

/**
 * Who asks: `key:` and the name of the API key in `x-api-key`, or else the network of the address.
 *
 * @param nameOfKey of each key that we have given out
 */
export const identify =
  (_nameOfKey: ReadonlyMap<string, string>) =>
  ({ headers, ip }: Pick<FastifyRequest, 'headers' | 'ip'>): string => {
    const key = headers['x-api-key']
    if (key) return `key:${String(key)}`
    // Behind a balancer, everybody has the balancer's address. The client's is in here.
    const [first = ip] = String(headers['x-forwarded-for'] ?? ip).split(',')
    return networkOf(first.trim())
  }
