import { boundedMemory } from '../../stage/child.ts'
import { script } from '../script.ts'

/** The scripted incidents, graded by numbers: of the reference, or with `mine` of your code beside it. */
export const run = (args: string[]): Promise<void> =>
  script('shared/gameday/main.ts', 'solutions', args, { node: boundedMemory(160) })
