import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { sleep } from '../core/sleep.ts'
import { withClone } from '../testing/tree.ts'
import { Board } from './board.ts'
import { buildFront } from './front.ts'
import { membershipFor } from './membership.ts'
import { newCode } from './session.ts'

/** What may be at the board's address, and how to bring it there. */
export interface Fault {
  name: string
  /** @returns its port, and how to end it; undefined when no board was joined */
  start(): Promise<{ port: number; close(): Promise<unknown> } | undefined>
}

const CODE = newCode()

/** Answers every connection by `speak`. */
const server = (speak: (socket: Socket) => void) => async () => {
  const sockets = new Set<Socket>()
  const listening: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).once('close', () => sockets.delete(socket))
    speak(socket)
  }).listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address() as AddressInfo
  return {
    port,
    async close() {
      listening.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

const answer = (status: string, body = '', headers = '') =>
  `HTTP/1.1 ${status}\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`

export const FAULTS: Fault[] = [
  { name: 'no board joined', start: async () => undefined },
  {
    name: 'a board that is well',
    async start() {
      const app = buildFront({ board: new Board(), code: CODE })
      const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
      return { port, close: () => app.close() }
    },
  },
  {
    name: 'away: nobody listens',
    async start() {
      const { port, close } = await server(() => {})()
      await close()
      return { port, close: async () => {} }
    },
  },
  { name: 'slow: it never answers', start: server((socket) => void socket.resume()) },
  {
    name: 'slow: a byte a second',
    start: server((socket) => {
      const bytes = [...answer('200 OK', '{"board":"dripping-1"}')]
      const drip = setInterval(() => socket.write(bytes.shift() ?? ' '), 1000)
      socket.once('close', () => clearInterval(drip))
    }),
  },
  { name: 'hangs up', start: server((socket) => void socket.resetAndDestroy()) },
  {
    name: 'refuses: 503, in an hour',
    start: server((socket) => socket.once('data', () => socket.end(answer('503 No', '', 'retry-after: 3600\r\n')))),
  },
  { name: 'refuses: 404', start: server((socket) => socket.once('data', () => socket.end(answer('404 No')))) },
  {
    name: 'nonsense: a login page',
    start: server((socket) => socket.once('data', () => socket.end(answer('200 OK', '<html>Room number?</html>')))),
  },
  { name: 'nonsense: no HTTP', start: server((socket) => void socket.end('\u0000\u0001 what?\r\n\r\n'.repeat(1000))) },
  {
    name: 'nonsense: without end',
    start: server((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
      const more = () => socket.writable && socket.write(`ffff\r\n${'x'.repeat(0xffff)}\r\n`) && setTimeout(more, 10)
      socket.on('drain', more)
      more()
    }),
  },
]

export interface RunTimes {
  /** Until the result was on the screen. */
  shownMs: number
  /** Until the command had ended. */
  endedMs: number
  /** What was on the screen. */
  said: string
}

/** Of each fault, what runs of chapter 01's tests by hand took, on a copy of the tree: in rounds, so all have the same weather. */
export async function runsUnder(
  faults: Fault[],
  rounds: number,
  report: (round: number) => void,
): Promise<Map<Fault, RunTimes[]>> {
  const times = new Map(faults.map((fault): [Fault, RunTimes[]] => [fault, []]))
  await withClone(async (base) => {
    // Fills the caches, which is nobody's time.
    await runTests(base)
    for (let round = 0; round < rounds; round++) {
      report(round)
      for (const fault of faults) times.get(fault)!.push(await runUnder(fault, base))
    }
  })
  return times
}

async function runUnder(fault: Fault, base: string): Promise<RunTimes> {
  const home = join(base, '.workshop')
  const there = await fault.start()
  try {
    for (const file of ['room.json', 'room-told.json']) rmSync(join(home, file), { force: true })
    if (there) {
      mkdirSync(home, { recursive: true })
      const membership = membershipFor(`http://127.0.0.1:${there.port}/${CODE}`, '')
      writeFileSync(join(home, 'room.json'), JSON.stringify(membership))
    }
    return await runTests(base)
  } finally {
    // The courier of this one is not to be the next one's: once the board is left, its next word is its last.
    rmSync(join(home, 'room.json'), { force: true })
    await there?.close()
    await sleep(SETTLE_MS)
    rmSync(join(home, 'room-courier'), { force: true })
  }
}

const SETTLE_MS = 300

/** What a run does for the board in its own process: in the middle, and the 99th in a hundred. */
export async function announceCosts(): Promise<string[][]> {
  const rows: string[][] = []
  await withClone(async (base) => {
    const program = join(base, 'shared/room/announce-costs.ts')
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
      cwd: base,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
    await once(child, 'close')
    rows.push(...(JSON.parse(said) as string[][]))
  })
  return rows
}

async function runTests(base: string): Promise<RunTimes> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, ['shared/workshop/bin.mjs', 'test', '01'], {
    cwd: base,
    env: { ...process.env, INIT_CWD: base, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  let shownMs = NaN
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
    if (Number.isNaN(shownMs) && said.includes('  Stuck? ')) shownMs = performance.now() - startedAt
  })
  await once(child, 'close')
  return { shownMs, endedMs: performance.now() - startedAt, said }
}
