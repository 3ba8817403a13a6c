import { connect, type Socket } from 'node:net'
import { sleep } from '../core/sleep.ts'
import { evenly, openLoop } from '../stage/open-loop.ts'

// The customers of overload.ts, on bare sockets: undici's would need more of the machine than Parcel does.

/** Who has their answer by then has a use for it. */
export const IN_TIME_MS = 1000
/** Then they leave. */
const PATIENCE_MS = 2 * IN_TIME_MS
/** A customer asks again so often, after as long as they were told. */
const RETRIES = 3

export type Outcome = 'complete' | 'partial' | 'late' | 'refused' | 'failed'

/** What became of one question. */
export interface Asked {
  /** When it was due, in ms from the beginning. */
  dueMs: number
  /** From when it was due. */
  tookMs: number
  outcome: Outcome
}

let connections = 0
/**
 * From many addresses of this machine, in turn, where it has them: a port that was used is not used again for a minute, an
 * address has 28,000, and customers who find none would be measured instead of Parcel.
 */
const nextAddress = () => (process.platform === 'linux' ? `127.0.1.${1 + (connections++ % 200)}` : undefined)

interface Answer {
  status: number
  isComplete: boolean
  retryAfterMs: number
}

/** One at a time, on a connection that stays or on one of its own. */
class Line {
  readonly #port: number
  readonly #text: string
  readonly #isKept: boolean
  #socket: Socket | undefined
  #heard = ''
  #settle: (answer: Answer | undefined) => void = () => {}

  constructor(port: number, path: string, isKept: boolean) {
    this.#port = port
    this.#isKept = isKept
    this.#text = `GET ${path} HTTP/1.1\r\nhost: parcel\r\n${isKept ? '' : 'connection: close\r\n'}\r\n`
  }

  /** @returns undefined when the connection ended before the answer, or nobody waited any more */
  ask(patienceMs: number): Promise<Answer | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#end(), patienceMs)
      this.#settle = (answer) => {
        clearTimeout(timer)
        this.#settle = () => {}
        this.#heard = ''
        if (!this.#isKept) this.end()
        resolve(answer)
      }
      this.#socket ??= this.#connect()
      this.#socket.write(this.#text)
    })
  }

  end(): void {
    this.#socket?.destroy()
    this.#socket = undefined
  }

  #end(): void {
    this.end()
    this.#settle(undefined)
  }

  #connect(): Socket {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true, localAddress: nextAddress() })
    socket.setEncoding('latin1')
    socket.on('data', (text) => {
      if (socket !== this.#socket) return
      this.#heard += text
      const answer = read(this.#heard)
      if (answer) this.#settle(answer)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      if (socket === this.#socket) this.#end()
    })
    return socket
  }
}

function read(heard: string): Answer | undefined {
  const head = heard.indexOf('\r\n\r\n')
  if (head < 0) return undefined
  const [, length = '0'] = /\ncontent-length: *(\d+)/i.exec(heard) ?? []
  if (heard.length < head + 4 + Number(length)) return undefined
  const [, after = '1'] = /\nretry-after: *(\d+)/i.exec(heard) ?? []
  return {
    status: Number(heard.slice(9, 12)),
    isComplete: heard.includes('"missing":[]'),
    retryAfterMs: 1000 * Number(after),
  }
}

export interface Crowd {
  /** By milliseconds from the beginning. */
  perSecond: (atMs: number) => number
  ms: number
  /** As a balancer in front keeps them; without it, each question has a connection of its own. */
  connections?: number | undefined
  /** Customers ask again when they are refused, or have given up. */
  retry?: boolean | undefined
}

/** Asks in an open loop: whoever is due asks, whether or not the others have been answered. */
export async function ask(origin: string, path: string, crowd: Crowd): Promise<Asked[]> {
  const port = Number(new URL(origin).port)
  const { connections = 0, retry } = crowd
  const kept = Array.from({ length: connections }, () => new Line(port, path, true))
  const free = [...kept]
  const queue: ((line: Line) => void)[] = []
  const asked: Asked[] = []
  const startedAt = performance.now()

  const once = async (patienceMs: number) => {
    if (connections === 0) return new Line(port, path, false).ask(patienceMs)
    const line = free.pop() ?? (await new Promise<Line>((resolve) => queue.push(resolve)))
    const answer = await line.ask(patienceMs)
    const next = queue.shift()
    if (next) next(line)
    else free.push(line)
    return answer
  }
  const customer = async (dueAt: number, attempt: number): Promise<void> => {
    const answer = await once(retry ? IN_TIME_MS : PATIENCE_MS)
    const tookMs = performance.now() - dueAt
    const outcome = outcomeOf(answer, tookMs)
    asked.push({ dueMs: dueAt - startedAt, tookMs, outcome })
    if (!retry || attempt === RETRIES || outcome === 'complete' || outcome === 'partial') return
    await sleep(answer?.retryAfterMs ?? 0)
    return customer(performance.now(), attempt + 1)
  }
  const all: Promise<void>[] = []
  const gap = () => 1000 / crowd.perSecond(performance.now() - startedAt)
  await openLoop({ gap, ms: crowd.ms }, (dueAt) => void all.push(customer(dueAt, 0)))
  await Promise.all(all)
  for (const line of kept) line.end()
  return asked
}

function outcomeOf(answer: Answer | undefined, tookMs: number): Outcome {
  if (!answer) return 'failed'
  if (answer.status !== 200) return 'refused'
  if (tookMs > IN_TIME_MS) return 'late'
  return answer.isComplete ? 'complete' : 'partial'
}

/** What it can do: as many at a time ask again at once. @returns answers a second */
export async function saturate(
  origin: string,
  path: string,
  { ms, customers, isKept }: { ms: number; customers: number; isKept: boolean },
): Promise<{ complete: number; refused: number }> {
  const port = Number(new URL(origin).port)
  const startedAt = performance.now()
  const counts = { complete: 0, refused: 0 }
  const customer = async () => {
    const line = new Line(port, path, isKept)
    while (performance.now() < startedAt + ms) {
      const answer = await line.ask(PATIENCE_MS)
      if (answer?.isComplete) counts.complete++
      else if (answer?.status === 503) counts.refused++
    }
    line.end()
  }
  await Promise.all(Array.from({ length: customers }, customer))
  const seconds = (performance.now() - startedAt) / 1000
  return { complete: counts.complete / seconds, refused: counts.refused / seconds }
}

/** Asks for `path` every so often, on a connection of its own each, as a cluster does. @returns how long each took; Infinity for none */
export async function probe(origin: string, path: string, everyMs: number, signal: AbortSignal): Promise<number[]> {
  const took: Promise<number>[] = []
  const port = Number(new URL(origin).port)
  await openLoop({ gap: evenly(1000 / everyMs), signal }, (dueAt) => {
    const answered = new Line(port, path, false).ask(PATIENCE_MS)
    took.push(answered.then((answer) => (answer?.status === 200 ? performance.now() - dueAt : Infinity)))
  })
  return Promise.all(took)
}
