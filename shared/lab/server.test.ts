import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { InjectOptions } from 'fastify'
import { Agent, request } from 'undici'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Command } from './control.ts'
import { buildServer } from './server.ts'
import { DECK } from '../stage/deck.ts'
import { findSlides } from './slides.ts'
import type { LabState } from './state.ts'

/** The server before a Lab that only remembers. */
function open(host = '127.0.0.1', slidesPort = 4000, token?: string) {
  const commands: Command[] = []
  const listeners = new Set<(state: LabState) => void>()
  const app = buildServer({
    host,
    slidesPort,
    ...(token !== undefined && { token }),
    lab: {
      history: [{ atMs: 0 } as LabState, { atMs: 1 } as LabState],
      control: async (command) => void commands.push(command),
      subscribe(listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
    page: { serve: (_request, response) => void response.end('the page') },
  })
  onTestFinished(() => app.close())
  const control = (payload: InjectOptions['payload'], headers: InjectOptions['headers'] = {}) =>
    app.inject({
      method: 'POST',
      url: '/control',
      payload,
      headers: { host: '127.0.0.1:3100', 'content-type': 'application/json', ...headers },
    })
  const get = (url: string, headers = {}) => app.inject({ url, headers: { host: '127.0.0.1:3100', ...headers } })
  return { app, commands, listeners, control, get }
}

test('what was before comes at once, then each state, until the reader goes', async () => {
  const { app, listeners } = open()
  const client = new Agent()
  onTestFinished(() => client.destroy())
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  const { headers, body } = await request(`${origin}/state`, { dispatcher: client })
  expect(headers['content-type']).toBe('text/event-stream')
  let read = ''
  body.on('data', (chunk) => (read += chunk)).on('error', () => {})
  await vi.waitUntil(() => read === 'event: history\ndata: [{"atMs":0},{"atMs":1}]\n\n', 10_000)
  for (const listener of listeners) listener({ atMs: 2 } as LabState)
  await vi.waitUntil(() => read.endsWith('\n\ndata: {"atMs":2}\n\n'), 10_000)
  body.destroy()
  await vi.waitUntil(() => listeners.size === 0, 10_000)
})

test('a command is handed to the Lab', async () => {
  const { control, commands } = open()
  const { statusCode, body } = await control({ paused: true })
  expect({ statusCode, body }).toEqual({ statusCode: 204, body: '' })
  expect(commands).toEqual([{ paused: true }])
})

test.for([
  ['{ "paused": "no" }', 'application/json', 400, /true or false/],
  ['{ "paused": ', 'application/json', 400, /JSON/],
  ['', 'application/json', 400, /empty/],
  ['"restart"', 'application/json', 400, /exactly one of/],
  // What a form or a script of another site may send without asking.
  ['{ "restart": true }', 'text/plain', 415, /content-type: application\/json/],
  ['restart=true', 'application/x-www-form-urlencoded', 415, /content-type: application\/json/],
] as const)('what is no command is refused: %s as %s', async ([payload, type, status, message]) => {
  const { control, commands } = open()
  const answer = await control(payload, { 'content-type': type })
  expect(answer.statusCode).toBe(status)
  expect(answer.headers['content-type']).toMatch('application/problem+json')
  expect(answer.json().detail).toMatch(message)
  expect(commands).toEqual([])
})

test('a body without an end is not read to its end', async () => {
  const { control, commands } = open()
  expect((await control(`{ "seed": ${'1'.repeat(20_000)} }`)).statusCode).toBe(413)
  expect(commands).toEqual([])
})

describe('a page of another site', () => {
  test.for([
    { host: 'evil.example' },
    { host: '127.0.0.1.evil.example:3100' },
    { host: '127.0.0.1@evil.example' },
    { host: '10.0.0.1:3100' },
    { origin: 'http://evil.example' },
    { origin: 'http://127.0.0.1:3000' },
    { origin: 'http://localhost:3100' },
    { origin: 'null' },
  ])('steers nothing: %j', async (headers) => {
    const { control, commands } = open()
    expect((await control({ restart: true }, headers)).statusCode).toBe(403)
    expect(commands).toEqual([])
  })

  test.for(['/', '/state', '/incidents', '/chapters/01', '/slides', '/slides/01', '/main.tsx', '/nowhere'])(
    'reads nothing: %s',
    async (url) => {
      const { get } = open()
      const { statusCode, body } = await get(url, { host: 'evil.example' })
      expect(statusCode).toBe(403)
      expect(body).toMatch('use http://127.0.0.1')
    },
  )

  test.for([
    { host: '127.0.0.1:3100', origin: 'http://127.0.0.1:3100' },
    { host: 'localhost:3100', origin: 'http://localhost:3100' },
    { host: '[::1]:3100', origin: 'http://[::1]:3100' },
    { host: 'localhost' },
  ])('is not our own: %j', async (headers) => {
    const { control } = open()
    expect((await control({ restart: true }, headers)).statusCode).toBe(204)
  })
})

test('by a host that it was told, the page is there by that name and by addresses, and by no other name', async () => {
  const statusOf = async (listensOn: string, host: string) =>
    (await open(listensOn).control({ restart: true }, { host, origin: `http://${host}` })).statusCode
  expect(await statusOf('0.0.0.0', '192.168.1.7:3100')).toBe(204)
  expect(await statusOf('lab.local', 'lab.local:3100')).toBe(204)
  expect(await statusOf('0.0.0.0', 'evil.example:3100')).toBe(403)
  expect(await statusOf('lab.local', 'evil.example:3100')).toBe(403)
})

test.for([undefined, 'Bearer ', 'Bearer wrong!', 'bearer secret', 'secret', 'Bearer secret2'])(
  'where a token is wanted, nobody steers by %j',
  async (authorization) => {
    const { control, get, commands } = open('0.0.0.0', 4000, 'secret')
    const { statusCode, body } = await control({ restart: true }, { ...(authorization && { authorization }) })
    expect(statusCode).toBe(403)
    expect(body).toMatch('npm start')
    expect(commands).toEqual([])
    expect((await get('/incidents')).statusCode, 'to look on is for all').toBe(200)
  },
)

test('whoever has the token steers', async () => {
  const { control } = open('0.0.0.0', 4000, 'secret')
  expect((await control({ restart: true }, { authorization: 'Bearer secret' })).statusCode).toBe(204)
})

test('every answer forbids what comes from elsewhere', async () => {
  const { get } = open()
  for (const url of ['/', '/incidents', '/chapters/00', '/slides/00']) {
    const { headers } = await get(url)
    expect(headers['content-security-policy']).toMatch(/^default-src 'self';/)
    expect(headers['content-security-policy']).not.toMatch(/script-src|unsafe-eval|\*/)
    expect(headers['x-content-type-options']).toBe('nosniff')
  }
})

test('serves the incidents, the chapters and the page', async () => {
  const { get } = open()
  expect((await get('/incidents')).json()[0]).toEqual({
    id: 'hang',
    chapter: '01',
    title: expect.any(String),
    day: 1,
    key: '1',
  })
  expect((await get('/chapters/01')).json()).toEqual({
    title: 'Timeouts',
    html: expect.stringMatching(/^<h1>01 Timeouts/),
  })
  const drawing = await get('/drawings/01-2.svg')
  expect(drawing.headers['content-type']).toMatch('image/svg+xml')
  expect(drawing.body).toMatch(/^<svg .*<title>/)
  expect((await get('/drawings/toString.svg')).statusCode).toBe(404)
  const { statusCode, body } = await get('/chapters/00')
  expect({ statusCode, body }).toEqual({ statusCode: 404, body: expect.stringMatching('there are 01, 02') })
  expect((await get('/')).body).toBe('the page')
})

test('no page may have it in a frame but the deck, on this machine, at its port', async () => {
  const { headers } = await open('127.0.0.1', 4001).get('/')
  expect(headers['content-security-policy']).toMatch(
    /; frame-ancestors http:\/\/127\.0\.0\.1:4001 http:\/\/localhost:4001$/,
  )
})

/** Somebody who listens where the slides would. */
async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close().closeAllConnections())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const says = (json: unknown): RequestListener => {
  const text = JSON.stringify(json)
  return ({ url }, response) => void response.writeHead(url === '/deck.json' ? 200 : 404).end(text)
}

test('leads to the slides, and to those of a chapter', async () => {
  const port = await listen(says({ deck: DECK, covers: { '02': '02-1' } }))
  const { get } = open('127.0.0.1', port)
  const whither = async (url: string) => {
    const { statusCode, headers } = await get(url)
    return [statusCode, headers.location]
  }
  expect(await whither('/slides')).toEqual([302, `http://127.0.0.1:${port}/`])
  expect(await whither('/slides/02')).toEqual([302, `http://127.0.0.1:${port}/#/02-1`])
  expect(await whither('/slides/00')).toEqual([404, undefined])
})

test.for([
  ['is in HTML', (_request, response) => void response.end('<h1>My shop</h1>')],
  ['is in JSON', says({ deck: 'My shop', covers: { '01': '01-1' } })],
  ['is null', says(null)],
  ['has no end', (_request, response) => void response.write('{')],
  ['never comes', () => {}],
] as [string, RequestListener][])('what %s is not the slides', async ([, listener]) => {
  expect(await findSlides(await listen(listener), '01', 200)).toBeUndefined()
})

test('without slides, it says how to start them', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await once(server.close(), 'close')
  const { statusCode, headers, body } = await open('127.0.0.1', port).get('/slides/01')
  expect({ statusCode, type: headers['content-type'] }).toEqual({ statusCode: 503, type: 'text/html; charset=utf-8' })
  expect(body).toMatch('npm run slides')
  expect(body).toMatch(`127.0.0.1:${port}`)
})
