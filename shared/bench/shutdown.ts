// Ways to shut down an HTTP server, side by side: how long each takes once there is nothing left to do, and whom it cuts.
//
//   npm run bench shutdown
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { report } from './report.ts'

const WAYS = ['app.close()', 'app.close(), force', 'close-with-grace', 'stoppable', 'http-terminator', 'ours'] as const
export type Way = (typeof WAYS)[number]

const RUNS = 5
const LIMIT_MS = 10_000
/** For bytes and signals to arrive on loopback, with a lot to spare. */
const SETTLE_MS = 200

const program = fileURLToPath(new URL('./shutdown-process.ts', import.meta.url))
const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: parcel\r\n\r\n`

/** A socket and how many bytes it has heard, the last of them as text. */
interface Client {
  socket: Socket
  received: number
  tail: string
}

interface Trial {
  child: ChildProcess
  open(text?: string): Promise<Client>
  /** Milliseconds from now until the process has gone; Infinity if it does not go in time. */
  exits(): Promise<number>
}

async function inProcess<T>(way: Way, trial: (trial: Trial) => Promise<T>): Promise<T> {
  const child = fork(program, [way], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit')
  const sockets: Socket[] = []
  try {
    const fix = `${way} did not start: is it there? "npm ci --prefix shared/maintainers" brings it`
    const failed = exited.then(() => Promise.reject(new Error(fix)))
    const [{ port }] = (await Promise.race([once(child, 'message'), failed])) as [AddressInfo]
    const open = async (text = '') => {
      const socket = connect(port, '127.0.0.1')
      sockets.push(socket)
      const client: Client = { socket, received: 0, tail: '' }
      socket
        .on('error', () => {})
        .on('data', (chunk: Buffer) => {
          client.received += chunk.length
          client.tail = (client.tail + chunk.subarray(-20)).slice(-20)
        })
      await once(socket, 'connect')
      socket.write(text)
      return client
    }
    const exits = async () => {
      const from = performance.now()
      return Promise.race([exited.then(() => performance.now() - from), sleep(LIMIT_MS, Infinity, { ref: false })])
    }
    return await trial({ child, open, exits })
  } finally {
    for (const socket of sockets) socket.destroy()
    child.kill('SIGKILL')
    await exited
  }
}

/** From the end of the last request until the process has gone, with two connections that nobody uses. */
const afterTheLast = (path: string) => (way: Way) =>
  inProcess(way, async ({ child, open, exits }) => {
    await open()
    await open(get('/fast'))
    const busy = await open(get(path))
    await sleep(SETTLE_MS)
    child.kill('SIGTERM')
    await sleep(SETTLE_MS)
    if (busy.socket.closed) return NaN
    child.send('answer')
    while (!busy.tail.includes('at last') && !busy.socket.closed) await once(busy.socket, 'data')
    return exits()
  })

/** What becomes of a request of which half has arrived at the signal. */
const halfARequest = (way: Way) =>
  inProcess(way, async ({ child, open, exits }) => {
    const request = get('/fast')
    const client = await open(request.slice(0, 9))
    await sleep(SETTLE_MS)
    child.kill('SIGTERM')
    await sleep(SETTLE_MS)
    if (!client.socket.closed) client.socket.write(request.slice(9))
    await Promise.race([once(client.socket, 'close'), exits(), sleep(2 * SETTLE_MS)])
    if (client.received === 0) return 'cut'
    return client.tail.includes('at once') ? 'answered' : '503'
  })

/** What becomes of an answer that the handler has finished, but of which a slow reader has had only the beginning. */
const slowReader = (way: Way) =>
  inProcess(way, async ({ child, open }) => {
    const client = await open()
    client.socket.pause().write(get('/big'))
    await sleep(SETTLE_MS)
    child.kill('SIGTERM')
    await sleep(SETTLE_MS)
    client.socket.resume()
    await Promise.race([once(client.socket, 'close'), sleep(10 * SETTLE_MS)])
    return client.received > 20_000_000 ? 'gets all' : 'cut'
  })

async function median(measure: () => Promise<number>): Promise<string> {
  const times: number[] = []
  while (times.length < RUNS && times.every(Number.isFinite)) times.push(await measure())
  const middle = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!
  if (times.some(Number.isNaN)) return 'cut'
  return times.includes(Infinity) ? `more than ${LIMIT_MS}` : middle.toFixed(0)
}

const columns = ['ms after the last answer', 'the same, its headers sent before', 'half of a request', 'a slow reader']
const rows: string[][] = []
for (const way of WAYS) {
  rows.push([
    way,
    await median(() => afterTheLast('/slow')(way)),
    await median(() => afterTheLast('/stream')(way)),
    await halfARequest(way),
    await slowReader(way),
  ])
}
const [, afterAnswer, afterStream, half, slow] = rows.at(-1)!

report(
  'shutdown',
  {
    title: 'Ways to shut down a server',
    about:
      'First two columns: one silent connection, one idle and one request in flight; SIGTERM; after 200 ms the request ' +
      `is answered; milliseconds from its last byte until the process has gone, median of ${RUNS}. The drain delay is 0, ` +
      'the limits are out of the way. Last two: what becomes of a request of which 9 bytes had arrived, and of a client ' +
      'that has read the beginning of 20 MB.',
    figures: { oursMs: Number(afterAnswer), oursStreamMs: Number(afterStream) },
    tables: [{ caption: 'Ways, side by side', rows: [['', ...columns], ...rows] }],
    claims: [
      { claim: 'ours is gone within 100 ms', holds: Number(afterAnswer) < 100 && Number(afterStream) < 100 },
      { claim: 'ours cuts nobody', holds: half === 'answered' && slow === 'gets all' },
    ],
  },
  ['fastify', 'close-with-grace', 'stoppable', 'http-terminator'],
)
