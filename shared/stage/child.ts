import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { createInterface } from 'node:readline'
import { sleep } from '../core/sleep.ts'
import { childEnvironment } from '../service/environment.ts'
import { root } from '../manifest/target.ts'
import { tellError } from './crash.ts'

/** Tells a child who has begotten it: to ask when it is there may be too late. See deaf.ts. */
const PARENT = 'FAIL_WELL_PARENT'

/** The first argument of every child: it ends when we do. */
export const leash = ['--import', import.meta.resolve('./leash.ts')]

/**
 * Node's option for so many MB of heap. Without it, V8 lets garbage pile up to hundreds of them, in each process of the
 * Lab; and code that keeps everything takes the laptop along, instead of dying of it.
 */
export const boundedMemory = (heapMb: number): string[] => [`--max-old-space-size=${heapMb}`]

/** A program in a process of its own, which does not outlive us. */
export interface Child {
  process: ChildProcess
  /** What went wrong, in a few lines, once it has ended. Never rejects. */
  exited: Promise<string[]>
  hasExited(): boolean
  /** The first message that it sends. Rejects when it ends before. */
  message<T>(): Promise<T>
  /** Asks it to end by SIGTERM, and makes it when `limitMs` are over. Resolves when it has ended. */
  stop(limitMs: number): Promise<void>
  /** Ends it by SIGKILL, of which it hears nothing. Resolves when it has ended. */
  kill(): Promise<void>
  /** Lets go of it, which is its end (see leash.ts); by force if it does not notice within a second. */
  drop(): Promise<void>
}

/** Of what it says, only the end is kept. */
const KEPT_CHARACTERS = 16_384
const DROP_MS = 1000
const LAST_WORDS_MS = 500

/** @param onLine is given what it writes to stdout, line by line */
export function startChild(args: string[], env: Record<string, string>, onLine: (line: string) => void): Child {
  const child = spawn(process.execPath, [...leash, ...args], {
    cwd: root,
    env: childEnvironment({ [PARENT]: String(process.pid), ...env }),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Out of reach of the terminal's Ctrl-C, which is ours to pass on. (On Windows it would open a window.)
    detached: process.platform !== 'win32',
  })
  let said = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-KEPT_CHARACTERS)))
  createInterface(child.stdout!).on('line', onLine)
  const silent = once(child.stderr!, 'end')
  const exited = once(child, 'exit').then(
    async ([code, signal]) => {
      // The last words may still be under way. ('close' would tell, but is not emitted after a disconnect from here.)
      await Promise.race([silent, sleep(LAST_WORDS_MS)])
      return tellError(said, signal ? `It was ended by ${signal}` : `It ended with exit code ${code}`)
    },
    (error: Error) => [`It could not be started: ${error.message}`],
  )
  const hasExited = () => child.exitCode !== null || child.signalCode !== null
  const killAfter = (limitMs: number) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), limitMs)
    return exited.then(() => clearTimeout(timer))
  }
  return {
    process: child,
    exited,
    hasExited,
    async message<T>() {
      const ended = exited.then((lines) => Promise.reject(new Error(lines.join('\n'))))
      ended.catch(() => {})
      const [message] = await Promise.race([once(child, 'message'), ended])
      return message as T
    },
    async stop(limitMs) {
      // Windows knows no signals: there, this ends it at once.
      child.kill(constants.signals.SIGTERM)
      await killAfter(limitMs)
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async drop() {
      if (child.connected) child.disconnect()
      await killAfter(DROP_MS)
    },
  }
}
