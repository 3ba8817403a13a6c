import { join } from 'node:path'
import { root } from '../manifest/target.ts'
import { boundedMemory, type Child, startChild } from './child.ts'
import { tellError } from './crash.ts'
import { TEMPORARY_DATABASE } from './incidents/incidents.ts'
import { type Solved, startedOn } from './solved.ts'
import { temporaryFolder } from './temporary.ts'

/** A Parcel that runs, mostly in a process of its own. */
export interface Instance {
  child: Pick<Child, 'exited' | 'hasExited' | 'stop' | 'kill' | 'drop'>
  /** Where it listens. Rejects with the first lines of its error when it ends before. */
  origin: Promise<string>
}

/** Shorter than the balancer's time between two probes, it would drop requests with the best of code. */
export const PROBE_MS = 1000
const DRAIN_DELAY_MS = 2 * PROBE_MS

const HEAP_MB = 192

/** What a Parcel runs on. */
export interface Setup {
  solved: Solved
  /** Beyond its defaults, as an incident wants it. */
  env?: Record<string, string> | undefined
}

export interface ParcelOptions {
  setup: Setup
  /** As in the environment's CARRIERS. */
  carriers: string
  /** What it logs as an error, in lines: the message, and for an error of ours where it came from. */
  onError: (lines: string[]) => void
}

/** What it is told about itself, in any world. */
export const parcelEnvironment = ({ setup, carriers }: Pick<ParcelOptions, 'setup' | 'carriers'>) => ({
  ...setup.env,
  PORT: '0',
  HOST: '127.0.0.1',
  CARRIERS: carriers,
  LOG_LEVEL: 'error',
  DRAIN_DELAY_MS: String(DRAIN_DELAY_MS),
})

/** Parcel as one would deploy it; through tsx, as an attendee may write TypeScript that is more than types. */
export function startParcel({ setup, carriers, onError }: ParcelOptions): Instance {
  const chapters = startedOn(setup.solved)
  const preloads = ['./deaf.ts', 'tsx'].flatMap((name) => ['--import', import.meta.resolve(name)])
  const program = [...boundedMemory(HEAP_MB), ...preloads, ...chapters.args, join(root, 'shared/service/main.ts')]
  const database = temporaryDatabase(setup)
  const env = { ...chapters.env, ...parcelEnvironment({ setup, carriers }), ...database?.env }
  let logged: string[] = []
  const child = startChild(program, env, (line) => onError((logged = readLog(line))))
  // Who handles uncaught exceptions, as chapter 02 does, dies with the error in the log.
  const exited = child.exited.then((lines) => {
    database?.remove()
    return lines.length > 1 ? lines : [...lines, ...logged]
  })
  return { child: { ...child, exited }, origin: child.message<{ origin: string }>().then(({ origin }) => origin) }
}

/** For a Parcel that is to write into a file: a new one, and nobody else's. */
function temporaryDatabase({ env }: Setup) {
  if (env?.DATABASE_URL !== TEMPORARY_DATABASE) return undefined
  const { path, remove } = temporaryFolder()
  return { env: { DATABASE_URL: `sqlite:${join(path, 'scans.db')}` }, remove }
}

/** A line of pino's, or whatever else was printed. */
function readLog(line: string): string[] {
  try {
    const { msg, err } = JSON.parse(line) as { msg: string; err?: { stack: string } }
    return err ? tellError(err.stack, msg) : [msg]
  } catch {
    return [line]
  }
}
