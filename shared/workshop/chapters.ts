/**
 * The one manifest. Vitest's projects, the commands and the gate are derived from it; a new chapter begins here.
 */
export interface Step {
  /** The same words head the step in the README, in hints.md, and in the suite (`describe('Step 1: …')`). */
  title: string
  /** For a working engineer who has read the README. */
  minutes: number
  /** A "Time to spare?" step: part of the production-grade list, not of the room's half hour. */
  spare?: true
}

export interface Chapter {
  /** Two digits, as typed: `npm test 01`. */
  number: string
  slug: string
  title: string
  /** The files that an attendee edits, in reading order. */
  files: string[]
  steps: Step[]
}

export const chapters: Chapter[] = [
  {
    number: '01',
    slug: 'timeouts',
    title: 'Timeouts',
    files: ['timeout.ts', 'deadline.ts', 'client.ts', 'server.ts'],
    steps: [],
  },
  {
    number: '02',
    slug: 'graceful-shutdown',
    title: 'Graceful shutdown',
    files: ['shutdown.ts', 'worker.ts'],
    steps: [],
  },
  {
    number: '03',
    slug: 'retry',
    title: 'Retry with jitter',
    files: ['retry.ts'],
    steps: [],
  },
  {
    number: '04',
    slug: 'circuit-breaker',
    title: 'Circuit breaker',
    files: ['circuit-breaker.ts'],
    steps: [],
  },
  {
    number: '05',
    slug: 'scatter-gather',
    title: 'Scatter-gather',
    files: ['scatter-gather.ts'],
    steps: [],
  },
  {
    number: '06',
    slug: 'hedged-requests',
    title: 'Hedged requests',
    files: ['hedge.ts'],
    steps: [],
  },
]

/** The folder's name below `exercises/` and `solutions/`, and the name of the chapter's Vitest project. */
export const folderOf = ({ number, slug }: Chapter): string => `${number}-${slug}`

/** Core steps fill the chapter's half hour; the spare ones do not count. */
export const minutesOf = ({ steps }: Chapter): number =>
  steps.reduce((sum, step) => sum + (step.spare ? 0 : step.minutes), 0)
