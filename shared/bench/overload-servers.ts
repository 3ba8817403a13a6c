import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { childEnvironment } from '../service/environment.ts'
import { parseMetrics } from '../stage/prometheus.ts'
import { ALL, allBut, startedOn } from '../stage/solved.ts'
import type { Guard, Question } from './overload-process.ts'

const program = fileURLToPath(new URL('./overload-process.ts', import.meta.url))
const children: ChildProcess[] = []

export interface Server {
  child: ChildProcess
  address: string
}

/** What stands before Parcel: the chapter's door, nobody, or something else and the naive door. */
export type Subject = 'door' | 'learning' | 'naive' | Exclude<Guard, 'none'>

/** Where the system can be told so, Parcel has a core to itself and everybody else another. */
function pin(pid: number, core: number): void {
  if (process.platform !== 'linux' || availableParallelism() < 2) return
  try {
    execFileSync('taskset', ['-a', '-p', '-c', String(core), String(pid)], { stdio: 'ignore' })
  } catch {
    // It is not installed: then they share as the system sees fit.
  }
}

async function start(
  args: string[],
  env: Record<string, string>,
  solved: readonly string[],
  core: number,
): Promise<Server> {
  const chapters = startedOn(solved)
  const execArgv = ['--import', import.meta.resolve('tsx'), ...chapters.args]
  const options = { env: { ...childEnvironment(env), ...chapters.env }, execArgv }
  const child = fork(program, args, { ...options, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  children.push(child)
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${args} ended with ${code}`)))
  ended.catch(() => {})
  const [address] = (await Promise.race([once(child, 'message'), ended])) as [string]
  pin(child.pid!, core)
  return { child, address }
}

export function startCarriers(): Promise<Server> {
  pin(process.pid, 1)
  return start(['carriers'], {}, ALL, 1)
}

export function startParcel(subject: Subject, carriers: Server, env: Record<string, string> = {}): Promise<Server> {
  const guard: Guard = ['door', 'learning', 'naive'].includes(subject) ? 'none' : (subject as Guard)
  const isSolved = subject === 'door' || subject === 'learning'
  const learning: Record<string, string> = subject === 'learning' ? { MAX_LOOP_DELAY_MS: '20' } : {}
  // All ask the same, and each is to be asked for.
  const told = { CARRIERS: carriers.address, QUOTE_ERROR_MS: '0', ...learning, ...env }
  return start(['parcel', guard], told, isSolved ? ALL : allBut('08'), 0)
}

export async function question<T>({ child }: Server, what: Question): Promise<T> {
  child.send(what)
  const [answer] = (await once(child, 'message')) as [T]
  return answer
}

export async function cpuUs(server: Server): Promise<number> {
  const { user, system } = await question<NodeJS.CpuUsage>(server, 'cpu')
  return user + system
}

export async function breakersOpened({ address }: Server): Promise<number> {
  const text = await (await fetch(`${address}/metrics`)).text()
  return parseMetrics(text)
    .filter(({ name, labels }) => name === 'parcel_carrier_breaker_changes_total' && labels.to === 'open')
    .reduce((sum, { value }) => sum + value, 0)
}

export function stopAll(): void {
  for (const child of children) child.kill()
}
