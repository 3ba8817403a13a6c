import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { chapters, folderOf } from '../manifest/chapters.ts'
import type { Progress } from '../manifest/progress.ts'
import { askJson } from '../stage/ask.ts'
import { startChild } from '../stage/child.ts'
import { clone, remove } from '../testing/tree.ts'
import { FAULTS, runsUnder } from './faults.ts'
import { fuzz, INPUTS } from './fuzz.ts'
import { load } from './load.ts'
import { type Membership, pathOf } from './membership.ts'
import type { Told } from './news.ts'
import type { Session } from './session.ts'

// A ceiling for a busy machine, not an expectation.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 })
const PATIENCE_MS = 60_000

const first = chapters[0]!

function tree(): string {
  const base = clone()
  onTestFinished(() => remove(base))
  return base
}

/** A command as an attendee types it. */
async function command(base: string, ...args: string[]): Promise<{ code: number; said: string }> {
  const child = spawn(process.execPath, ['shared/workshop/bin.mjs', ...args], {
    cwd: base,
    env: { ...process.env, INIT_CWD: base, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
  const [code] = (await once(child, 'close')) as [number]
  return { code, said }
}

interface Addresses {
  join: string
  board: string
}

/** `npm run room` in a tree, reachable from this machine only. */
async function openRoom(base: string, port = 0) {
  const main = join(base, 'shared/room/main.ts')
  const args = ['--conditions=solution', '--disable-warning=ExperimentalWarning', main, '--host', '127.0.0.1']
  const child = startChild([...args, '--port', String(port), '--board-port', '0'], {}, () => {})
  onTestFinished(() => child.drop())
  const { join: address, board } = await child.message<Addresses>()
  return {
    address,
    port: Number(new URL(address).port),
    close: () => child.stop(10_000),
    /** Changes with everything that it is told. */
    version: async () => ((await askJson(`${board}/self.json`, 5_000))!.json as { version: number }).version,
    async instructor() {
      const ended = new AbortController()
      const response = await fetch(`${board}/state?view=instructor`, { signal: ended.signal })
      let text = ''
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk
        if (text.includes('\n\n')) break
      }
      ended.abort()
      return text
    },
  }
}

/** What a tree's commands remember there. */
const remembered = <T>(base: string, file: string): T =>
  JSON.parse(readFileSync(join(base, '.workshop', file), 'utf8')) as T

const isHome = (base: string) => !existsSync(join(base, '.workshop/room-courier'))

test('a laptop joins, and from then on its runs are on the board; a run with nothing new tells nothing', async () => {
  const base = tree()
  const room = await openRoom(base)
  const joined = await command(base, 'join', room.address, 'Wren')
  expect(joined.said).toContain('You are on the board, as Wren.')
  expect(joined.code).toBe(0)
  expect(await room.instructor()).toContain('1 here, 0 begun')

  const { code, said } = await command(base, 'test', first.number)
  expect(code, 'red, as without a board').toBe(1)
  expect(said).toContain('Stuck? npm run hint')
  await vi.waitUntil(async () => (await room.instructor()).includes('1 here, 1 begun'), PATIENCE_MS)
  await vi.waitUntil(() => isHome(base), PATIENCE_MS)

  const before = await room.version()
  await command(base, 'test', first.number)
  expect(isHome(base), 'nobody was sent').toBe(true)
  expect(await room.version()).toBe(before)

  await command(base, 'hint', first.number)
  await command(base, 'test', first.number)
  await vi.waitUntil(async () => (await room.version()) > before, PATIENCE_MS)
  await vi.waitUntil(() => isHome(base), PATIENCE_MS)

  // By a copy of this folder, whose membership is ours.
  const membership = remembered<Membership>(base, 'room.json')
  await fetch(`${membership.origin}${pathOf(membership)}`, { method: 'DELETE' })
  expect((await command(base, 'join', room.address, 'Wren')).said, 'somebody else has left for us').toContain(
    'You are on the board, as Wren.',
  )

  const progress = () => remembered<Progress>(base, `progress/${first.number}.json`)
  const { known } = progress()
  const version = await room.version()
  appendFileSync(join(base, 'exercises', folderOf(first), first.files[0]!), '\nif (\n')
  await command(base, 'test', first.number)
  expect(progress(), 'a syntax error says nothing of the steps').toMatchObject({ broken: expect.any(String), known })
  expect(await room.version()).toBe(version)
})

test('a board that restarts keeps its code, and is told all of it by whoever has anything new, or runs on', async () => {
  const base = tree()
  const room = await openRoom(base)
  await command(base, 'join', room.address)
  await command(base, 'test', first.number)
  await vi.waitUntil(async () => (await room.instructor()).includes('1 begun'), PATIENCE_MS)
  await room.close()

  const again = await openRoom(base, room.port)
  expect(again.address).toBe(room.address)
  expect(await again.instructor(), 'it has forgotten').toContain('0 here, 0 begun')
  const told = remembered<Told>(base, 'room-told.json')
  const at = new Date(Date.now() - 6 * 60_000).toISOString()
  writeFileSync(join(base, '.workshop/room-told.json'), JSON.stringify({ ...told, at }))
  await command(base, 'test', first.number)
  await vi.waitUntil(async () => (await again.instructor()).includes('1 begun'), PATIENCE_MS)
  for (const file of first.files)
    cpSync(join(base, 'solutions', folderOf(first), file), join(base, 'exercises', folderOf(first), file))
  const { code } = await command(base, 'test', first.number)
  expect(code).toBe(0)
  await vi.waitUntil(async () => (await again.instructor()).includes('1 with all core steps'), PATIENCE_MS)
})

test('a room that finds another one open changes nothing of it; it opens also where nothing can be kept', async () => {
  const base = tree()
  const room = await openRoom(base)
  const { code } = remembered<Session>(base, 'room-session.json')
  const second = await command(base, 'room', '--host', '127.0.0.1', '--port', String(room.port), '--new-code')
  expect(second).toMatchObject({ code: 1, said: expect.stringContaining('Another room, perhaps?') })
  expect(remembered<Session>(base, 'room-session.json').code, 'with which it would come back').toBe(code)
  await room.close()

  rmSync(join(base, '.workshop'), { recursive: true })
  writeFileSync(join(base, '.workshop'), 'as on a full disk')
  expect(await (await openRoom(base)).instructor()).toContain('0 here')
})

test('a test of their own with a name without end keeps nobody off the board', async () => {
  const base = tree()
  const room = await openRoom(base)
  const since = new Date().toISOString()
  const progress = {
    at: since,
    fingerprint: '',
    steps: first.steps.map(() => ({ state: 'red', passed: 0, total: 1 })),
    known: { green: [1], since, red: 'x'.repeat(300) },
  }
  mkdirSync(join(base, '.workshop/progress'), { recursive: true })
  writeFileSync(join(base, `.workshop/progress/${first.number}.json`), JSON.stringify(progress))
  expect((await command(base, 'join', room.address)).said).toContain('You are on the board')
  expect(await room.instructor()).toContain('1 begun')
})

test('what --show prints is what is sent; --leave says so to the board, and nothing is sent any more', async () => {
  const base = tree()
  const heard: string[] = []
  let status = 200
  const server = createServer(async ({ method, url, headers }, response) => {
    const body = (await response.req.toArray()).join('')
    heard.push(`${method} http://${headers.host}${url}\ncontent-type: ${headers['content-type']}\n\n${body}`)
    if (method === 'DELETE') response.writeHead(204).end()
    else response.writeHead(status, { 'retry-after': '3600' }).end('{"board":"a-board-of-ours"}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/K7QX3M`
  expect((await command(base, 'join', address)).code).toBe(0)
  expect(heard).toHaveLength(1)

  status = 503
  await command(base, 'test', first.number)
  await vi.waitUntil(() => heard.length === 2 && isHome(base), PATIENCE_MS)
  // Time goes on in between.
  const withoutAge = (text: string) => text.replaceAll(/"quietS": \d+/g, '"quietS": …')
  const { said } = await command(base, 'join', '--show')
  expect(said).toContain('the board has too much to do'.replace('the', 'The'))
  expect(withoutAge(said)).toContain(withoutAge(heard[1]!))
  expect(heard[1], 'no path, no code, no message').not.toMatch(/exercises|Error|expected/)

  status = 200
  await command(base, 'join', '--leave')
  expect(heard[2]).toMatch(/^DELETE /)
  expect(readdirSync(join(base, '.workshop')).filter((file) => file.startsWith('room'))).toEqual([])
  await command(base, 'test', first.number)
  expect(heard).toHaveLength(3)
})

test.for([
  [['http://127.0.0.1:1/K7QX3M'], 'Nobody listens at 127.0.0.1:1: does "npm run room" run there'],
  [[], 'Which board?'],
  [['nowhere'], '"nowhere" is no board’s address'.replace('’', "'")],
  [['--tell'], "Unknown option '--tell'"],
] as const)('%j is one sentence, and a failure', async ([args, sentence]) => {
  const { code, said } = await command(tree(), 'join', ...args)
  expect(said).toContain(sentence)
  expect(said.trim().split('\n')).toHaveLength(1)
  expect(code).toBe(1)
})

test('whatever has the board’s address, a run says what it says without one, and ends by itself', async () => {
  const times = await runsUnder(FAULTS, 1, () => {})
  const saidOf = (said: string) => said.replaceAll(/[\d.]+ s\)/g, '… s)')
  const [alone] = [...times.values()][0]!
  for (const [{ name }, [run]] of times) expect(saidOf(run!.said), name).toBe(saidOf(alone!.said))
})

test.for(Object.keys(INPUTS))('bad input of every kind is answered as it should be: %s', async (name) => {
  const { complaints, statuses } = await fuzz(name, 150, 1)
  expect(complaints).toEqual([])
  expect(Object.keys(statuses), 'it never got in').toContainEqual(expect.stringMatching(/^20/))
})

test('a class of thirty tells all that it has to, and the board has all of them', async () => {
  const { people, failed, told, runs } = await load({ laptops: 30, seconds: 10, seed: 1 })
  expect({ people, failed }).toEqual({ people: 30, failed: {} })
  expect(told, 'each tells many times').toBeGreaterThan(300)
  expect(told, 'most runs have nothing to tell').toBeLessThan(runs)
})
