import { boundedMemory } from '../../lab/child.ts'
import { script } from '../script.ts'

/** The Lab: Parcel on your code beside the reference, under the same traffic and faults, on one page. */
export const run = (args: string[]): Promise<void> =>
  script('shared/lab/main.ts', 'exercises', args, { node: boundedMemory(160) })
