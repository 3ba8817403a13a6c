import { replace } from '../keep/replace.ts'
import { skeletonOf } from '../../manifest/skeletons.ts'
import { root } from '../../manifest/target.ts'

/** The files that a chapter begins with in the place of yours, which are kept. */
export const run = (args: string[]): Promise<void> =>
  replace('reset', args, (chapter) => skeletonOf(root, chapter), 'are as in the beginning')
