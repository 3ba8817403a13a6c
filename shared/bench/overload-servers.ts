import { parseMetrics } from '../stage/prometheus.ts'
import { ALL, allBut } from '../stage/solved.ts'
import type { Guard } from './overload-process.ts'
import { pin, type Server, start } from './servers.ts'

/** What stands before Parcel: the chapter's door, nobody, or something else and the naive door. */
export type Subject = 'door' | 'learning' | 'naive' | Exclude<Guard, 'none'>

/** Parcel has a core to itself, and everybody else another. */
const [PARCELS, OTHERS] = [0, 1]

export function startCarriers(): Promise<Server> {
  pin(process.pid, OTHERS)
  return start('overload-process.ts', ['carriers'], { core: OTHERS })
}

/** On the same core as Parcel. */
export function startBare(): Promise<Server> {
  return start('overload-process.ts', ['bare'], { core: PARCELS })
}

export interface Parcel extends Server {
  /** Where probes are answered, and metrics are: by METRICS_PORT, as it is deployed. */
  machines: string
}

export async function startParcel(
  subject: Subject,
  carriers: Server,
  env: Record<string, string> = {},
): Promise<Parcel> {
  const guard: Guard = ['door', 'learning', 'naive'].includes(subject) ? 'none' : (subject as Guard)
  const isSolved = subject === 'door' || subject === 'learning'
  const learning: Record<string, string> = subject === 'learning' ? { MAX_LOOP_DELAY_MS: '20' } : {}
  const parcel = await start('overload-process.ts', ['parcel', guard], {
    // All ask the same, and each is to be asked for.
    env: { CARRIERS: carriers.address, QUOTE_ERROR_MS: '0', METRICS_PORT: '0', ...learning, ...env },
    solved: isSolved ? ALL : allBut('08'),
    core: PARCELS,
  })
  const [address = '', machines = ''] = parcel.address.split(' ')
  return { ...parcel, address, machines }
}

export async function breakersOpened({ machines }: Parcel): Promise<number> {
  const text = await (await fetch(`${machines}/metrics`)).text()
  return parseMetrics(text)
    .filter(({ name, labels }) => name === 'parcel_carrier_breaker_changes_total' && labels.to === 'open')
    .reduce((sum, { value }) => sum + value, 0)
}
