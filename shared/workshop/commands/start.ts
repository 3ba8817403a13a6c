import { boundedMemory } from '../../stage/child.ts'
import { script } from '../script.ts'

/** The Lab: Parcel on your code beside the reference, under the same traffic and faults, on one page. */
export const run = (args: string[]): Promise<void> =>
  // It runs nobody's chapter by itself: without a loader for TypeScript, it is there in half of the time. In a quarter of
  // that memory it takes a core to collect garbage, and would itself be what saturates the machine.
  script('shared/lab/main.ts', 'solutions', args, { node: boundedMemory(400) })
