import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Chapter, folderOf } from '../../manifest/chapters.ts'
import { replace } from '../keep/replace.ts'
import { root } from '../../manifest/target.ts'

/** Our files in the place of yours, which are kept. */
export const run = (args: string[]): Promise<void> => replace('solve', args, solutionOf, 'are as in the solution')

const solutionOf = (chapter: Chapter) =>
  new Map(chapter.files.map((file) => [file, readFileSync(join(root, 'solutions', folderOf(chapter), file))]))
