import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { request } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { childEnvironment } from './environment.ts'
import type { Quotes } from './schemas.ts'

// What nobody sees who only builds the server: how the program starts, and how it does not.
const TIMEOUT_MS = 60_000

/** Windows knows no signals: a process that gets one is gone, without a code. */
const CODE_OF_A_SIGNAL = process.platform === 'win32' ? null : 0

function run(file: string, env: Record<string, string>, ...args: string[]) {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = spawn(process.execPath, ['--conditions=solution', '--import', 'tsx', path, ...args], {
    env: childEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => ended(child))
  return child
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'close')
}

async function outcome(child: ReturnType<typeof run>) {
  const [[code], stderr] = await Promise.all([once(child, 'close'), text(child.stderr), text(child.stdout)])
  return { code, stderr }
}

async function printed(child: ReturnType<typeof run>, wanted: RegExp): Promise<string> {
  let read = ''
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    read += chunk
    const match = wanted.exec(read)
    if (match) return match[1]!
  }
  throw new Error(`ended without ${wanted}; it printed: ${read}`)
}

async function takePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())))
  return String((server.address() as AddressInfo).port)
}

async function quotesFrom(origin: string): Promise<Quotes> {
  const { body } = await request(`${origin}/quotes?from=Lisbon&to=Oslo&grams=1200`, { reset: true })
  return (await body.json()) as Quotes
}

test('npm run service: answers with its embedded carriers, and ends at a signal', { timeout: TIMEOUT_MS }, async () => {
  const child = run('main.ts', { PORT: '0' })
  const origin = await printed(child, /Server listening at (http:\S+?)"/)
  const { quotes, missing } = await quotesFrom(origin)
  expect(quotes.length + missing.length).toBe(5)
  child.kill('SIGTERM')
  expect(await outcome(child)).toEqual({ code: CODE_OF_A_SIGNAL, stderr: '' })
})

test(
  'npm run service: in production it wants carriers, and says which slip it has seen',
  { timeout: TIMEOUT_MS },
  async () => {
    const { code, stderr } = await outcome(
      run('main.ts', { NODE_ENV: 'production', CARIERS: 'pigeon=http://10.0.0.1' }),
    )
    expect(code).toBe(1)
    expect(stderr).toMatch(/^CARRIERS is not set, as it must be with NODE_ENV=production; /)
    expect(stderr).toMatch('CARIERS is no variable of Parcel’s; is it to be CARRIERS?\n')
  },
)

test('npm run service: a variable that is nearly one of ours is a warning', { timeout: TIMEOUT_MS }, async () => {
  const child = run('main.ts', { PORT: '0', LOGLEVEL: 'warn' })
  expect(await printed(child, /"level":40.*"msg":"(.*?)"/)).toBe(
    'LOGLEVEL is no variable of Parcel’s; is it to be LOG_LEVEL?',
  )
})

test('npm run service: wrong variables are a line each, and exit code 1', { timeout: TIMEOUT_MS }, async () => {
  const { code, stderr } = await outcome(run('main.ts', { PORT: 'http', LOG_LEVEL: 'loud' }))
  expect(code).toBe(1)
  expect(stderr.trim().split('\n')).toEqual([
    'PORT is "http"; it takes a whole number from 0 to 65535',
    'LOG_LEVEL is "loud"; it takes one of trace, debug, info, warn, error, fatal, silent',
  ])
})

test('npm run service: a taken port is a line with the fix, and exit code 1', { timeout: TIMEOUT_MS }, async () => {
  const port = await takePort()
  const { code, stderr } = await outcome(run('main.ts', { PORT: port }))
  expect(code).toBe(1)
  expect(stderr).toBe(
    `PORT ${port} is taken on 127.0.0.1; end what listens there, or set PORT to another one (0 takes any free one)\n`,
  )
})
