import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { root, type Subject } from './target.ts'

/** How often to see whether npm is still there. */
const LOOK_MS = 500

/**
 * Runs one of the project's programs on the attendee's code or on the solutions, and ends as it ends.
 * @param options of Node
 */
export async function script(path: string, subject: Subject, args: string[], options: string[] = []): Promise<void> {
  const condition = subject === 'solutions' ? ['--conditions=solution'] : []
  // tsx and not Node alone, which refuses the TypeScript that is more than types (an attendee's enum, for one).
  const loader = ['--import', import.meta.resolve('./leash.ts'), '--import', import.meta.resolve('tsx')]
  const child = spawn(process.execPath, [...options, ...loader, ...condition, join(root, path), ...args], {
    cwd: root,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  // Ctrl-C reaches both of us, and a second one would force the child: it knows how to end, so we wait for it.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  if (process.env.npm_lifecycle_event) onOrphaned(() => child.kill('SIGTERM'))
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
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
