import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { buildParcel, inVirtualTime, say } from './harness.ts'

const carriers = [{ name: 'pigeon', replicas: ['http://127.0.0.1:9'] }]
const POST = 'POST /shipments HTTP/1.1\r\nhost: parcel\r\ncontent-type: application/json\r\nidempotency-key: k-1\r\n'
const statuses = (heard: string) => [...heard.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))

describe('methods', () => {
  test.for([
    ['/quotes', 'GET, HEAD, OPTIONS'],
    ['/shipments', 'POST, OPTIONS'],
    ['/shipments/pigeon-1?x=1', 'GET, HEAD, OPTIONS'],
    ['/livez', 'GET, HEAD, OPTIONS'],
  ])('%s has %s: OPTIONS says so, and any other is a 405 that does', async ([url, allow]) => {
    const { app } = buildParcel(carriers)
    const listed = (text: unknown) => String(text).split(', ').toSorted()
    const options = await app.inject({ method: 'OPTIONS', url })
    expect([options.statusCode, options.body]).toEqual([204, ''])
    expect(listed(options.headers.allow)).toEqual(listed(allow))
    for (const method of ['PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND'] as const) {
      const response = await app.inject({ method: method as 'PUT', url })
      expect(response.json()).toMatchObject({ status: 405, title: 'Method Not Allowed' })
      expect(listed(response.headers.allow)).toEqual(listed(allow))
    }
  })

  test('OPTIONS of the server has what there is anywhere, and of nowhere is a 404', async () => {
    const { app } = buildParcel(carriers)
    const heard = await say(app, 'OPTIONS * HTTP/1.1\r\nhost: parcel\r\nconnection: close\r\n\r\n')
    expect(heard).toMatch(/^HTTP\/1\.1 204 /)
    expect(/^allow: (.*)$/im.exec(heard)![1]!.split(', ').toSorted()).toEqual(['GET', 'HEAD', 'OPTIONS', 'POST'])
    expect((await app.inject({ method: 'OPTIONS', url: '/nowhere' })).statusCode).toBe(404)
  })

  test('a method that a path has not is told before its body is looked at', async () => {
    const { app } = buildParcel(carriers)
    const response = await app.inject({
      method: 'POST',
      url: '/quotes',
      headers: { 'content-type': 'text/xml' },
      body: '<',
    })
    expect(response.statusCode).toBe(405)
  })
})

describe('bodies', () => {
  test('a client that asks first is told to go on', async () => {
    const { app } = buildParcel(carriers)
    const heard = await say(app, `${POST}connection: close\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n`, '{}')
    expect(statuses(heard)).toEqual([100, 400])
  })

  test.for([
    ['is too long', 413, `${POST}content-length: 16385\r\n`],
    ['has nowhere to go', 404, 'POST /nowhere HTTP/1.1\r\nhost: parcel\r\ncontent-length: 2\r\n'],
    ['has the wrong method', 405, 'PUT /shipments HTTP/1.1\r\nhost: parcel\r\ncontent-length: 2\r\n'],
    ['is encoded', 415, `${POST}content-encoding: gzip\r\ncontent-length: 2\r\n`],
  ] as const)('a client that asks first is not told to go on with a body that %s', async ([, status, head]) => {
    const { app } = buildParcel(carriers)
    // It keeps the body to itself; that the connection is closed all the same is what ends this test.
    expect(statuses(await say(app, `${head}expect: 100-continue\r\n\r\n`))).toEqual([status])
  })

  test('a body that is encoded says which encodings we read', async () => {
    const { app } = buildParcel(carriers)
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip', 'idempotency-key': 'k-1' }
    const response = await app.inject({ method: 'POST', url: '/shipments', headers, body: '{}' })
    expect(response.json()).toMatchObject({ status: 415, detail: expect.stringContaining('gzip') })
    expect(response.headers['accept-encoding']).toBe('identity')
  })

  test.for([
    ['that stops', {}, ''],
    ['that stops before the handler’s own limit', { HANDLER_MS: '1001', QUOTE_DEADLINE_MS: '1000' }, ''],
    ['that outlasts the caller’s own deadline', {}, 'deadline-ms: 300\r\n'],
  ] as const)('a body %s is the client’s fault, a 408, and the connection’s last answer', async ([, env, header]) => {
    const { app } = buildParcel(carriers, { HEADERS_MS: '1500', REQUEST_MS: '3000', ...env })
    const { value: heard } = await inVirtualTime(() => say(app, `${POST}${header}content-length: 9\r\n\r\n{"a"`))
    expect(statuses(heard)).toEqual([408])
    expect(heard).toMatch(/^connection: close/im)
    expect(heard).toMatch('application/problem+json')
  })

  test('a body that drips is a 408 too, though each drop is in time', async () => {
    const { app, lines } = buildParcel(carriers, { HEADERS_MS: '1500', REQUEST_MS: '9000' })
    const { value: heard } = await inVirtualTime(async () => {
      const { port } = new URL(await app.listen({ port: 0 }))
      const socket = connect(Number(port), '127.0.0.1')
      const drip = () => {
        if (!socket.writable) return
        socket.write(' ')
        setTimeout(drip, 300)
      }
      let heard = ''
      socket.on('data', (chunk) => (heard += chunk)).on('error', () => {})
      socket.write(`${POST}content-length: 100\r\n\r\n`)
      drip()
      await once(socket, 'close')
      return heard
    })
    expect(statuses(heard)).toEqual([408])
    expect(lines.filter(({ level }) => Number(level) >= 40)).toEqual([])
  })
})
