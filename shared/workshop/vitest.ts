import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { root } from './target.ts'
import { Trouble } from './trouble.ts'

/** Becomes Vitest's own command line, in this process: its options, its keys and its exit code are the ones people know. */
export async function vitest(args: string[]): Promise<void> {
  process.chdir(root)
  const bin = join(root, 'node_modules/vitest/vitest.mjs')
  process.argv.splice(1, Infinity, bin, ...args)
  try {
    await import(pathToFileURL(bin).href)
  } catch (error) {
    // An option that Vitest does not know.
    if ((error as Error).name === 'CACError') throw new Trouble(`Vitest: ${(error as Error).message}.`)
    throw error
  }
}
