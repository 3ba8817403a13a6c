import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { text } from 'node:stream/consumers'

export interface ReplicaOptions {
  /** URL of the module whose `createShutdown` it uses. */
  module: string
  drainDelayMs: number
  deadlineMs: number
  /** With a hook that never settles, and holds nothing that would keep the process. */
  hangs?: boolean
}

/** `answer` lets the requests to `/slow` have their answer; `throw` and `reject` are never caught. */
export type Command = 'answer' | 'throw' | 'reject' | 'SIGTERM' | 'SIGINT'

/**
 * A small service in a process of its own: `/fast`, `/slow`, `/work?ms=`, `/events`, `/readyz`. For tests and
 * measurements that send real signals.
 */
export interface Replica {
  port: number
  /** Its exit code (null when a signal ended it), and what it has logged. */
  exited: Promise<{ code: number | null; log: string }>
  tell(command: Command): void
  /** Ends it by force. */
  [Symbol.asyncDispose](): Promise<void>
}

/** @throws Error with what the process had to say, when it ends before it listens */
export async function startReplica(options: ReplicaOptions): Promise<Replica> {
  const program = fileURLToPath(new URL('./replica-process.ts', import.meta.url))
  const child = fork(program, [JSON.stringify(options)], {
    // Node alone, which starts in half of the time that a loader for TypeScript needs.
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const said = Promise.all([once(child, 'exit'), text(child.stdout!), text(child.stderr!)])
  const exited = said.then(([[code], log]) => ({ code: code as number | null, log }))
  const failed = said.then(([, , stderr]) => Promise.reject(new Error(`The process did not start: ${stderr}`)))
  const [{ port }] = (await Promise.race([once(child, 'message'), failed])) as [AddressInfo]
  return {
    port,
    exited,
    tell: (command) => void tell(child, command),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

function tell(child: ChildProcess, command: Command): boolean {
  const isSignal = command === 'SIGTERM' || command === 'SIGINT'
  return isSignal && process.platform !== 'win32' ? child.kill(command) : child.send(command)
}
