import { identify, networkOf } from '#chapters/07-rate-limiting/identity.ts'
import fastify from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'

const KEYS = new Map([
  ['sk-web-1', 'web'],
  ['sk-app-1', 'app'],
  ['sk-odd-1', '192.0.2.1'],
])

/** A server that answers who it thinks has asked. */
async function server(trustProxy?: string[]) {
  const app = fastify({ trustProxy: trustProxy ?? false })
  onTestFinished(() => app.close())
  const clientOf = identify(KEYS)
  app.get('/', async (request) => clientOf(request))
  await app.ready()
  return async (remoteAddress: string, headers: Record<string, string | string[]> = {}) => {
    const { body, statusCode } = await app.inject({ method: 'GET', url: '/', remoteAddress, headers })
    return statusCode === 200 ? body : `status ${statusCode}`
  }
}

/** A throw is an answer, too, if a bad one. */
function network(ip?: string): string {
  try {
    return networkOf(ip)
  } catch (error) {
    return `a throw: ${String(error)}`
  }
}

describe('Step 3: Who is it?', () => {
  test('takes an API key for a client only if it is known', async () => {
    const ask = await server()
    expect(await ask('192.0.2.1', { 'x-api-key': 'sk-web-1' }), 'a key of ours: its name, as the key is a secret').toBe(
      'key:web',
    )
    expect(await ask('198.51.100.7', { 'x-api-key': 'sk-web-1' }), 'the same key from another address').toBe('key:web')
    for (const key of ['sk-web-2', 'SK-WEB-1', '', 'web', '__proto__', 'constructor'])
      expect(
        await ask('192.0.2.1', { 'x-api-key': key }),
        `the key "${key}", which nobody has given out: who makes up keys would make up clients`,
      ).toBe('net:192.0.2.1')
  })

  test('does not take a key for an address, nor an address for a key', async () => {
    const ask = await server()
    const byKey = await ask('203.0.113.9', { 'x-api-key': 'sk-odd-1' })
    const byAddress = await ask('192.0.2.1')
    expect(byKey, 'somebody has called his key "192.0.2.1"').toBe('key:192.0.2.1')
    expect(byAddress, 'and that is the address of somebody else').toBe('net:192.0.2.1')
  })

  test('does not believe what a client writes into X-Forwarded-For', async () => {
    const direct = await server()
    expect(
      await direct('192.0.2.1', { 'x-forwarded-for': '198.51.100.7' }),
      'no proxy in front: the header is the client’s own, and so would be its name',
    ).toBe('net:192.0.2.1')

    const behind = await server(['10.0.0.0/8'])
    expect(
      await behind('10.0.0.1', { 'x-forwarded-for': '192.0.2.1' }),
      'a proxy that we trust says who has asked (request.ip, under trustProxy)',
    ).toBe('net:192.0.2.1')
    expect(
      await behind('10.0.0.1', { 'x-forwarded-for': '198.51.100.7, 203.0.113.5, 192.0.2.1' }),
      'what stands before that, the client has written itself',
    ).toBe('net:192.0.2.1')
    expect(
      await behind('10.0.0.1', { 'x-forwarded-for': '198.51.100.7, 192.0.2.1, 10.0.0.2' }),
      'two proxies of ours',
    ).toBe('net:192.0.2.1')
    expect(
      await behind('192.0.2.1', { 'x-forwarded-for': '198.51.100.7' }),
      'somebody who has come past the proxies',
    ).toBe('net:192.0.2.1')
    expect(
      await direct('10.0.0.1', { 'x-forwarded-for': '198.51.100.7' }),
      'a private address, but no proxy of ours: nobody has named it',
    ).toBe('net:10.0.0.1')
    for (const [header, said] of [
      ['x-real-ip', '198.51.100.7'],
      ['true-client-ip', '198.51.100.7'],
      ['cf-connecting-ip', '198.51.100.7'],
      ['forwarded', 'for=198.51.100.7'],
    ] as const)
      expect(
        await behind('10.0.0.1', { 'x-forwarded-for': '192.0.2.1', [header]: said }),
        `${header}, which our proxies hand on as the client has written it`,
      ).toBe('net:192.0.2.1')
  })

  test('takes all of a /64 for one client, and IPv4 for what it is', () => {
    for (const [ip, network] of [
      ['192.0.2.1', 'net:192.0.2.1'],
      ['192.0.2.2', 'net:192.0.2.2'],
      ['::ffff:192.0.2.1', 'net:192.0.2.1'],
      ['::ffff:c000:201', 'net:192.0.2.1'],
      ['0:0:0:0:0:FFFF:192.0.2.1', 'net:192.0.2.1'],
    ] as const)
      expect(networkOf(ip), `of ${ip}`).toBe(network)

    const home = networkOf('2001:db8:1:2::1')
    expect(home, 'IPv6 is a network, and no nonsense').toMatch(/^net:(?!unknown)/)
    for (const ip of [
      '2001:db8:1:2::2',
      '2001:DB8:1:2:ffff:ffff:ffff:ffff',
      '2001:0db8:0001:0002:0:0:0:1',
      '2001:db8:1:2::1%eth0',
    ])
      expect(networkOf(ip), `of ${ip}: every house has a /64, with 18 trillion million addresses to call from`).toBe(
        home,
      )
    expect(networkOf('2001:db8:1:23::1'), 'of 2001:db8:1:23::1, which is not 2001:db8:12:3::1').not.toBe(
      networkOf('2001:db8:12:3::1'),
    )
    for (const ip of ['2001:db8:1:3::1', '2001:db8:1::1', '2001:db8::1:2:0:0:1', '::1', 'fe80::1'])
      expect(networkOf(ip), `of ${ip}: that is another house than 2001:db8:1:2::/64`).not.toBe(home)
  })

  test('makes one client of all nonsense, and never throws', async () => {
    for (const ip of [
      undefined,
      '',
      'unknown',
      '1',
      '010.0.0.1',
      '192.0.2.256',
      '192.0.2.1:1234',
      '2001:db8::g',
      '_hidden',
      'net:192.0.2.1',
    ])
      expect(network(ip), `of ${JSON.stringify(ip)}, which is no address`).toBe('net:unknown')
    const behind = await server(['10.0.0.1'])
    for (const said of ['unknown', 'for=192.0.2.1', '<script>', '1'])
      expect(await behind('10.0.0.1', { 'x-forwarded-for': said }), `of X-Forwarded-For: ${said}`).toBe('net:unknown')
    const clientOf = identify(KEYS)
    const gone = { headers: {}, ip: undefined } as unknown as Parameters<typeof clientOf>[0]
    expect(clientOf(gone), 'of a request whose socket has gone: it has no address any more').toBe('net:unknown')
  })
})
