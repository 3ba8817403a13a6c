import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { join } from 'node:path'
import { root, type Subject } from './target.ts'

/** Runs one of the project's programs on the attendee's code or on the solutions, and ends as it ends. */
export async function script(path: string, subject: Subject, args: string[]): Promise<void> {
  const condition = subject === 'solutions' ? ['--conditions=solution'] : []
  // tsx and not Node alone, which refuses the TypeScript that is more than types (an attendee's enum, for one).
  const loader = ['--import', import.meta.resolve('tsx')]
  const child = spawn(process.execPath, [...loader, ...condition, join(root, path), ...args], {
    cwd: root,
    stdio: 'inherit',
  })
  // Ctrl-C reaches both of us, and a second one would force the child: it knows how to end, so we wait for it.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  process.exitCode = code ?? 128 + constants.signals[signal!]
}
