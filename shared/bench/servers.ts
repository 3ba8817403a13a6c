import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { childEnvironment } from '../service/environment.ts'
import { ALL, type Solved, startedOn } from '../stage/solved.ts'
import type { Answers, Question } from './server-process.ts'

const children: ChildProcess[] = []

/** As long as this process may run on all of them: one that has been given a core knows of no other. */
export const cores = availableParallelism()

export interface Server {
  child: ChildProcess
  address: string
}

export interface StartOptions {
  /** In which it is told its carriers, and its limits. */
  env?: Record<string, string>
  /** Default: all. */
  solved?: Solved
  /** On which it runs, and nobody else who was given another. */
  core?: number
}

/** Starts a program that answers its parent (server-process.ts), on Node alone, as one would deploy it. */
export async function start(
  program: string,
  args: string[],
  { env = {}, solved = ALL, core }: StartOptions = {},
): Promise<Server> {
  const chapters = startedOn(solved)
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), args, {
    env: { ...childEnvironment(env), ...chapters.env },
    execArgv: chapters.args,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  children.push(child)
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${args} ended with ${code}`)))
  ended.catch(() => {})
  const [address] = (await Promise.race([once(child, 'message'), ended])) as [string]
  if (core !== undefined) pin(child.pid!, core)
  return { child, address }
}

/** Gives a process a core, where the system can be told so: elsewhere it decides by itself. */
export function pin(pid: number, core: number): void {
  if (process.platform !== 'linux' || core >= cores) return
  try {
    execFileSync('taskset', ['-a', '-p', '-c', String(core), String(pid)], { stdio: 'ignore' })
  } catch {
    // It is not installed.
  }
}

export async function question<Q extends Question>({ child }: Server, what: Q): Promise<Answers[Q]> {
  child.send(what)
  const [answer] = (await once(child, 'message')) as [Answers[Q]]
  return answer
}

/** Processor time so far, in microseconds. */
export async function cpuUs(server: Server): Promise<number> {
  const { user, system } = await question(server, 'cpu')
  return user + system
}

export function stopAll(): void {
  for (const child of children) child.kill()
}
