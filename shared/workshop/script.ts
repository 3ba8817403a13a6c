import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { root, type Subject } from '../manifest/target.ts'

/** How often to see whether npm is still there. */
const LOOK_MS = 500

export interface ScriptOptions {
  /** Options of Node. */
  node?: string[]
  /** Milliseconds after which it is killed. Default: never. */
  limitMs?: number
}

/** Runs one of the project's programs on the attendee's code or on the solutions, and ends as it ends. */
export async function script(
  path: string,
  subject: Subject,
  args: string[],
  { node = [], limitMs }: ScriptOptions = {},
): Promise<void> {
  // An attendee's TypeScript may be more than types (an enum, for one), which Node alone refuses. Ours is not, and runs
  // as it was written: what tsx does to keep the names of functions doubles the time of a cheap one.
  const how =
    subject === 'solutions'
      ? ['--conditions=solution', '--disable-warning=ExperimentalWarning']
      : ['--import', import.meta.resolve('tsx')]
  const leash = ['--import', import.meta.resolve('../stage/leash.ts')]
  const child = spawn(process.execPath, [...node, ...leash, ...how, join(root, path), ...args], {
    cwd: root,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  const timer = limitMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), limitMs)
  // Ctrl-C reaches both of us, and a second one would force the child: it knows how to end, so we wait for it.
  const interrupt = () => process.stdin.isTTY || child.kill('SIGINT')
  const terminate = () => child.kill('SIGTERM')
  process.on('SIGINT', interrupt).on('SIGTERM', terminate)
  if (process.env.npm_lifecycle_event) onOrphaned(terminate)
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  process.off('SIGINT', interrupt).off('SIGTERM', terminate)
  clearTimeout(timer)
  process.exitCode = code ?? 128 + constants.signals[signal!]
}

/** npm passes signals on, but says nothing when it is killed itself. */
function onOrphaned(end: () => void): void {
  const before = ancestors()
  const timer = setInterval(() => {
    if (ancestors() === before) return
    clearInterval(timer)
    end()
  }, LOOK_MS).unref()
}

/** Our parent and, on Linux, its parent: npm's shell may stay between npm and us. (Windows renames no orphan.) */
function ancestors(): string {
  try {
    const [, grandparent] = readFileSync(`/proc/${process.ppid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
    return `${process.ppid} ${grandparent}`
  } catch {
    return `${process.ppid}`
  }
}
