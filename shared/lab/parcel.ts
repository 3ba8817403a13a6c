import { join } from 'node:path'
import { root } from '../workshop/target.ts'
import { type Child, startChild } from './child.ts'
import type { Side } from './state.ts'

/** A Parcel in a process of its own. */
export interface Instance {
  child: Child
  /** Where it listens. Rejects with the first lines of its error when it ends before. */
  origin: Promise<string>
}

/** Shorter than the balancer's time between two probes, it would drop requests with the best of code. */
export const PROBE_MS = 1000
const DRAIN_DELAY_MS = 2 * PROBE_MS

/** A code that keeps everything dies of it, instead of taking the laptop along. */
const MEMORY = '--max-old-space-size=512'

export interface ParcelOptions {
  side: Side
  /** As in the environment's CARRIERS. */
  carriers: string
  /** What it logs as an error. */
  onError: (line: string) => void
}

/** Parcel as one would deploy it; through tsx, as an attendee may write TypeScript that is more than types. */
export function startParcel({ side, carriers, onError }: ParcelOptions): Instance {
  const condition = side === 'reference' ? ['--conditions=solution'] : []
  const program = ['--import', import.meta.resolve('tsx'), ...condition, MEMORY, join(root, 'shared/service/main.ts')]
  const env = {
    ...{ PORT: '0', HOST: '127.0.0.1', CARRIERS: carriers, LOG_LEVEL: 'error' },
    DRAIN_DELAY_MS: String(DRAIN_DELAY_MS),
  }
  const child = startChild(program, env, onError)
  return { child, origin: child.message<{ origin: string }>().then(({ origin }) => origin) }
}
