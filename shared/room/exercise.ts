import { checkOptions, durationMs } from '../core/options.ts'

/** The room works on a chapter, until a time. Times are of `Date.now()`. */
export interface Exercise {
  chapter: string
  startedAt: number
  endsAt: number
}

/** From here on, the room is told how it will go on. */
const LAST_MS = 120_000

export type Phase = 'running' | 'last minutes' | 'over'

export function begin(chapter: string, minutes: number, now: number): Exercise {
  checkOptions({ minutes }, { minutes: durationMs })
  return { chapter, startedAt: now, endsAt: now + minutes * 60_000 }
}

export function phaseOf({ endsAt }: Exercise, now: number): Phase {
  const leftMs = endsAt - now
  return leftMs <= 0 ? 'over' : leftMs <= LAST_MS ? 'last minutes' : 'running'
}

/** As a clock on the wall has it: `17:24`, and `0:00` when it is over. */
export function clock({ endsAt }: Exercise, now: number): string {
  // Up, so that it says 0:00 when it is over and not a second before.
  const seconds = Math.max(0, Math.ceil((endsAt - now) / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
