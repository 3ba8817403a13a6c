import { limitRequests, type RequestLimits } from '#chapters/07-rate-limiting/http.ts'
import type { Decision } from '#chapters/07-rate-limiting/options.ts'
import fastify, { type FastifyInstance } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'

const yes: Decision = { allowed: true, remaining: 17, retryAfterMs: 0, moreInMs: 20 }
const no: Decision = { allowed: false, remaining: 0, retryAfterMs: 2_001, moreInMs: 900 }

/** A server whose limit says whatever a test wants, at 50 a second with a burst of 120. */
async function server(
  decision: Decision | Promise<Decision>,
  options: Partial<RequestLimits> = {},
  routes?: (app: FastifyInstance) => void,
) {
  const taken: [client: string, cost: number][] = []
  const seen: string[] = []
  const app = fastify()
  onTestFinished(() => app.close())
  limitRequests(app, {
    limit: {
      take: (client, cost = 1) => {
        taken.push([client, cost])
        return decision
      },
    },
    rate: { perSecond: 50, burst: 120 },
    clientOf: ({ headers }) => String(headers['x-shop'] ?? 'nobody'),
    ...options,
  })
  app.post(
    '/shipments',
    { preParsing: async (_request, _reply, payload) => (seen.push('body'), payload) },
    async () => {
      seen.push('handler')
      return 'booked'
    },
  )
  app.get('/shipments/:id', async () => 'on its way')
  app.get('/expensive', { config: { cost: 10 } }, async () => 'all quotes')
  app.get('/livez', { config: { cost: 0 } }, async () => 'ok')
  app.get('/bug', async () => {
    throw new Error('a bug')
  })
  app.get('/stream', (_request, reply) => {
    reply.send(new Blob(['a stream']).stream())
  })
  routes?.(app)
  await app.ready()
  return { app, taken, seen }
}

const limits = { 'ratelimit-policy': '"client";q=120;w=3', ratelimit: '"client";r=17;t=1' }

describe('Step 4: Say no well', () => {
  test('refuses before it reads a body, and what has no route too', async () => {
    const { app, taken, seen } = await server(no)
    const broken = {
      method: 'POST',
      url: '/shipments',
      headers: { 'content-type': 'application/json', 'x-shop': 'pear' },
      payload: '{"from": ',
    } as const
    const refused = await app.inject(broken)
    expect(
      refused.statusCode,
      'of a request with a broken body from somebody who has asked too often: who reads it first has done the work',
    ).toBe(429)
    expect(seen, 'what has been done for somebody who is refused').toEqual([])
    const unknown = await app.inject({ method: 'GET', url: '/wp-login.php' })
    expect(unknown.statusCode, 'of a path that there is not: who looks for holes asks nothing else').toBe(429)
    expect(taken, 'who was asked about, and what it costs').toEqual([
      ['pear', 1],
      ['nobody', 1],
    ])
  })

  test('says no in a problem that programs can read', async () => {
    for (const [name, options] of [
      ['client', {}],
      ['free plan', { name: 'free plan' }],
    ] as const) {
      const { app } = await server(Promise.resolve(no), options)
      const answer = await app.inject({ method: 'GET', url: '/shipments/7' })
      expect(answer.statusCode, 'the status of RFC 6585').toBe(429)
      expect(answer.headers['content-type'], 'the type of RFC 9457').toMatch(/^application\/problem\+json/)
      expect(answer.json(), 'the problem').toMatchObject({
        type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
        title: expect.stringMatching(/./),
        detail: expect.stringMatching(/./),
        status: 429,
        'violated-policies': [name],
      })
    }
    const { app } = await server(Promise.resolve(yes))
    const { statusCode } = await app.inject({ method: 'GET', url: '/shipments/7' })
    expect(statusCode, 'of who is let in by a limit that promises its decision').toBe(200)
  })

  test('says when to come again, in whole seconds, never too early', async () => {
    for (const [retryAfterMs, seconds] of [
      [2_001, '3'],
      [2_000, '2'],
      [999.5, '1'],
      [0.2, '1'],
      [0, '1'],
    ] as const) {
      const { app } = await server({ ...no, retryAfterMs })
      const { headers } = await app.inject({ method: 'GET', url: '/shipments/7' })
      expect(
        String(headers['retry-after']),
        `Retry-After, in seconds, when it would be allowed in ${retryAfterMs} ms: who comes then is let in, and 0 is an invitation`,
      ).toBe(seconds)
    }
    const { app } = await server(yes)
    const { headers } = await app.inject({ method: 'GET', url: '/shipments/7' })
    expect(headers['ratelimit'], 'RateLimit, of who is let in').toBeDefined()
    expect(headers['retry-after'], 'Retry-After, of who is let in').toBeUndefined()
  })

  test('tells with every answer what is left, be it an error', async () => {
    const { app } = await server(yes)
    for (const url of ['/shipments/7', '/bug', '/nothing/here', '/stream']) {
      const { headers, statusCode } = await app.inject({ method: 'GET', url })
      expect(
        { 'ratelimit-policy': headers['ratelimit-policy'], ratelimit: headers['ratelimit'] },
        `headers of ${url}, status ${statusCode}: 120 in 2.4 s, 17 left, one more in 20 ms`,
      ).toEqual(limits)
    }
    const broken = await app.inject({
      method: 'POST',
      url: '/shipments',
      headers: { 'content-type': 'application/json' },
      payload: '{',
    })
    expect(broken.headers, `headers of a ${broken.statusCode}`).toMatchObject(limits)

    const refusing = await server(no)
    const { headers } = await refusing.app.inject({ method: 'GET', url: '/shipments/7' })
    expect(headers, 'of a refusal: nothing left, one more in 900 ms').toMatchObject({
      'ratelimit-policy': '"client";q=120;w=3',
      ratelimit: '"client";r=0;t=1',
    })
    const full = await server(
      { ...yes, remaining: 120, moreInMs: 0 },
      { rate: { perSecond: 60, burst: 120 }, name: 'day' },
    )
    const more = await full.app.inject({ method: 'GET', url: '/shipments/7' })
    expect(more.headers, 'when all is there, and 120 come in exactly two seconds').toMatchObject({
      'ratelimit-policy': '"day";q=120;w=2',
      ratelimit: '"day";r=120;t=0',
    })
    const odd = await server(yes, { rate: { perSecond: 9.5 } })
    const one = await odd.app.inject({ method: 'GET', url: '/shipments/7' })
    expect(one.headers['ratelimit-policy'], 'at 9.5 a second, with no burst said: see rateOf').toBe('"client";q=10;w=2')
  })

  test('lets a route cost more, or nothing', async () => {
    const { app, taken } = await server(yes)
    for (const url of ['/expensive?from=Rome', '/shipments/7', '/livez', '/livez?verbose', '/livez/'])
      await app.inject({ method: 'GET', url })
    await app.inject({ method: 'HEAD', url: '/expensive' })
    expect(
      taken,
      'what was taken: ten for what costs ten; nothing for /livez, with or without a query; one for /livez/, which is no route',
    ).toEqual([
      ['nobody', 10],
      ['nobody', 1],
      ['nobody', 1],
      ['nobody', 10],
    ])
    const refusing = await server(no)
    const probe = await refusing.app.inject({ method: 'GET', url: '/livez' })
    expect(
      probe.statusCode,
      'of a probe, from an address that has asked too often: or the balancer would take us out',
    ).toBe(200)
    expect(probe.headers, 'headers of what has no limit').not.toHaveProperty('ratelimit')
  })

  test('refuses a cost that nobody can pay, when the route is registered', async () => {
    const start = async (options: Partial<RequestLimits>, cost = 1): Promise<unknown> => {
      const routes = (app: FastifyInstance) => void app.get('/new', { config: { cost } }, async () => '')
      return server(yes, options, routes).then(
        () => 'started',
        (error) => error,
      )
    }
    for (const cost of [121, -1, NaN, Infinity, '5' as unknown as number])
      expect(
        await start({}, cost),
        `a route with a cost of ${cost}, where 120 is all that there ever is: better now than at night`,
      ).toBeInstanceOf(RangeError)
    expect(await start({}, 120), 'a route that costs all of it').toBe('started')
    for (const name of ['"client', 'client"', 'a\\b', 'clïent', 'a\nb', ''])
      expect(await start({ name }), `a name that the header cannot hold: ${name}`).toBeInstanceOf(RangeError)
    expect(await start({ name: '~ [free] plan!' }), 'a name that it can').toBe('started')
    expect(await start({ rate: { perSecond: 0 } }), 'a rate of 0').toBeInstanceOf(RangeError)
  })
})
