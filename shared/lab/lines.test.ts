import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { linesFor } from './lines.ts'

const command = { fault: { carrier: 'pigeon', kind: null } }

test('on Windows they are PowerShell’s own, which needs no quotes in quotes', () => {
  const { get, post } = linesFor('win32')
  expect(get('http://127.0.0.1:3000/quotes?from=a&to=b')).toBe(
    "Invoke-RestMethod 'http://127.0.0.1:3000/quotes?from=a&to=b'",
  )
  expect(post('http://127.0.0.1:4000/control', command)).toBe(
    `Invoke-RestMethod http://127.0.0.1:4000/control -Method Post -ContentType application/json -Body '${JSON.stringify(command)}'`,
  )
})

test.for(['linux', 'darwin'] as const)('on %s they are curl’s, of any age', (platform) => {
  const { get, post } = linesFor(platform)
  expect(`${get('http://a/')} ${post('http://a/', {})}`).not.toMatch('--json')
})

test('the shell of this system understands them', { timeout: 30_000 }, async ({ skip }) => {
  const shell = process.platform === 'win32' ? ['powershell', '-NoProfile', '-Command'] : ['sh', '-c']
  const [program = '', ...words] = shell
  if (process.platform !== 'win32') await promisify(execFile)('curl', ['--version']).catch(() => skip('no curl here'))
  const heard: string[] = []
  const server = createServer(async (request, response) => {
    heard.push([request.method, request.url, await text(request), request.headers.authorization ?? ''].join(' '))
    response.end('{}')
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close().closeAllConnections())
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { get, post } = linesFor(process.platform)
  for (const line of [get(`${origin}/quotes?from=a&to=b`), post(`${origin}/control`, command, 'a-token')])
    await promisify(execFile)(program, [...words, line])
  expect(heard).toEqual(['GET /quotes?from=a&to=b  ', `POST /control ${JSON.stringify(command)} Bearer a-token`])
})
