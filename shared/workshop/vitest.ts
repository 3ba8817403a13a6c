import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { root } from './target.ts'

/** Becomes Vitest's own command line, in this process: its options, its keys and its exit code are the ones people know. */
export async function vitest(args: string[]): Promise<void> {
  process.chdir(root)
  const bin = join(root, 'node_modules/vitest/vitest.mjs')
  process.argv.splice(1, Infinity, bin, ...args)
  await import(pathToFileURL(bin).href)
}
