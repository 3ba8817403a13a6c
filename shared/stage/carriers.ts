import { join } from 'node:path'
import { request } from 'undici'
import type { CarrierStats } from '../carriers/admin.ts'
import type { CompleteFault, Fault } from '../carriers/faults.ts'
import type { CarrierName } from '../carriers/tariffs.ts'
import { root } from '../manifest/target.ts'
import { boundedMemory, startChild } from './child.ts'

/** One side's carriers, in a process of their own: the traffic's clock must not wait for them. */
export interface Carriers {
  /** As in the environment's CARRIERS. */
  value: string
  setFault(carrier: CarrierName, fault: Fault | null, replica?: number): Promise<void>
  stats(): Promise<CarrierStats[]>
  /** The same faults, but draws from their beginning. */
  reseed(seed: number): Promise<void>
  close(): Promise<void>
}

/** For an answer of the admin server. */
const LIMIT_MS = 5000
const STATS_LIMIT_MS = 800
/** For thousands of calls that nobody hangs up, as naive code leaves them to a carrier that hangs. */
const HEAP_MB = 128

/** A hundred megabytes, twenty times a second, would be about the laptop; this is enough to be too much. */
const HUGE_BYTES = 2_000_000

/** @param onDeath is told when they end by themselves: nothing is to be seen without them. Default: throws it */
export async function startCarriers(
  seed: number,
  onDeath = (error: Error): void => {
    throw error
  },
): Promise<Carriers> {
  const printed = Promise.withResolvers<{ value: string; admin: string }>()
  let value = ''
  const program = [
    ...boundedMemory(HEAP_MB),
    // Or all of that would be full of garbage before it is collected.
    '--optimize-for-size',
    '--disable-warning=ExperimentalWarning',
    join(root, 'shared/carriers/main.ts'),
    '--seed',
    String(seed),
  ]
  const child = startChild(program, {}, (line) => {
    value ||= /^CARRIERS='(.*)'$/.exec(line)?.[1] ?? ''
    const admin = /^admin (\S+)/.exec(line)?.[1]
    if (admin) printed.resolve({ value, admin })
  })
  let isUp = false
  void child.exited.then((lines) => {
    const error = new Error(`The carriers have ended: ${lines.join('\n')}`)
    printed.reject(error)
    if (isUp) onDeath(error)
  })
  const { admin } = await printed.promise
  isUp = true

  async function ask<T>(
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    path: string,
    { fault, limitMs = LIMIT_MS }: { fault?: Fault; limitMs?: number } = {},
  ): Promise<T> {
    const body = fault && JSON.stringify(fault)
    const answer = await request(admin + path, { method, body, signal: AbortSignal.timeout(limitMs) })
    const said = (await answer.body.json()) as T & { error?: string }
    if (answer.statusCode !== 200) throw new RangeError(said.error)
    return said
  }
  const stats = async () => (await ask<{ carriers: CarrierStats[] }>('GET', '/', { limitMs: STATS_LIMIT_MS })).carriers
  const setFault: Carriers['setFault'] = async (carrier, fault, replica) => {
    const path = `/carriers/${carrier}/fault${replica === undefined ? '' : `?replica=${replica}`}`
    await (fault ? ask('PUT', path, { fault: bounded(fault) }) : ask('DELETE', path))
  }
  return {
    value,
    setFault,
    stats,
    async reseed(seed) {
      const faults = (await stats()).flatMap(({ name, replicas }) =>
        replicas.map(({ fault }, replica) => ({ name, fault, replica })),
      )
      await ask('POST', `/reset?seed=${seed}`)
      for (const { name, fault, replica } of faults) if (fault) await setFault(name, fault, replica)
    },
    close() {
      isUp = false
      return child.drop()
    },
  }
}

function bounded(fault: Fault | CompleteFault): Fault {
  return fault.kind === 'huge-body' ? { ...fault, bytes: Math.min(fault.bytes ?? HUGE_BYTES, HUGE_BYTES) } : fault
}
