/* Replaces: identity.ts */
import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import type { FastifyRequest } from 'fastify'

export function networkOf(ip?: string): string {
  if (ip === undefined || !(isIPv4(ip) || isIPv6(ip))) return 'net:unknown'
  if (isIPv4(ip)) return `net:${ip}`
  const { address } = new SocketAddress({ address: ip.replace(/%.*/, ''), family: 'ipv6' })
  const mapped = /^::ffff:([\d.]+)$/.exec(address)
  if (mapped) return `net:${mapped[1]}`
  const [head = '', tail] = address.split('::')
  const parts = (text: string) => text.split(':').filter(Boolean)
  const missing = 8 - parts(head).length - parts(tail ?? '').length
  const all = tail === undefined ? parts(head) : [...parts(head), ...Array(missing).fill('0'), ...parts(tail)]
  return `net:${all.slice(0, 4).join('-')}`
}

export function identify(nameOfKey: ReadonlyMap<string, string>) {
  return (request: Pick<FastifyRequest, 'headers' | 'ip'>): string => {
    const key = request.headers['x-api-key']
    if (typeof key === 'string' && nameOfKey.has(key)) return `key:${nameOfKey.get(key)}`
    return networkOf(request.ip)
  }
}
