import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { childEnvironment } from '../service/environment.ts'
import type { Question, Role } from './throughput-process.ts'

const children: ChildProcess[] = []
const program = fileURLToPath(new URL('./throughput-process.ts', import.meta.url))

export interface Server {
  child: ChildProcess
  address: string
}

/** @param env in which the server is told its carriers, and its limits */
export async function start(role: Role, env: Record<string, string> = {}): Promise<Server> {
  const child = fork(program, [role], { env: childEnvironment(env), stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  children.push(child)
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${role} ended with ${code}`)))
  ended.catch(() => {})
  const [address] = (await Promise.race([once(child, 'message'), ended])) as [string]
  return { child, address }
}

export async function question<T>(child: ChildProcess, what: Question): Promise<T> {
  child.send(what)
  const [answer] = (await once(child, 'message')) as [T]
  return answer
}
export async function cpuUs(child: ChildProcess): Promise<number> {
  const { user, system } = await question<NodeJS.CpuUsage>(child, 'cpu')
  return user + system
}

/** The id of a shipment, to ask for. */
export async function book({ address }: Server): Promise<string> {
  const response = await fetch(`${address}/shipments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'throughput' },
    body: JSON.stringify({ carrier: 'swift', from: 'Lisbon', to: 'Oslo', grams: 1200 }),
  })
  const { id } = (await response.json()) as { id: string }
  return id
}

export function stopAll(): void {
  for (const child of children) child.kill()
}
