import { boundedMemory } from '../../stage/child.ts'
import { script } from '../script.ts'

/** The Lab: Parcel on your code beside the reference, under the same traffic and faults, on one page. */
export const run = (args: string[]): Promise<void> =>
  // It runs nobody's chapter by itself: without a loader for TypeScript, it is there in half of the time.
  script('shared/lab/main.ts', 'solutions', args, { node: boundedMemory(96) })
