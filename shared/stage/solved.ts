import { chapters } from '../manifest/chapters.ts'
import { isWritten } from '../manifest/target.ts'

/** The numbers of the chapters whose solution a Parcel runs on; for the others, it runs on the exercise. */
export type Solved = readonly string[]

export const ALL: Solved = chapters.filter((chapter) => isWritten(chapter)).map(({ number }) => number)
export const NONE: Solved = []
export const allBut = (number: string): Solved => ALL.filter((each) => each !== number)

/** How to start a process that imports `#chapters/…`, so that it gets them by that set. */
export const startedOn = (solved: Solved): { args: string[]; env: Record<string, string> } => ({
  args: ['--import', import.meta.resolve('./solved-hook.ts')],
  env: { FAIL_WELL_SOLVED: solved.join(',') },
})
