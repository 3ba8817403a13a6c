import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { chapters, folderOf } from '../manifest/chapters.ts'
import { skeletonOf } from '../manifest/skeletons.ts'
import { root } from '../manifest/target.ts'

/** Works on a tree of these files, which has our node_modules and is gone afterwards. */
export async function withFiles<T>(files: Record<string, string>, work: (base: string) => Promise<T>): Promise<T> {
  const base = bareTree()
  try {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(base, file)), { recursive: true })
      writeFileSync(join(base, file), text)
    }
    return await work(base)
  } finally {
    remove(base)
  }
}

/** Works on a clone that is gone afterwards. */
export async function withClone<T>(work: (base: string) => Promise<T>): Promise<T> {
  const base = clone()
  try {
    return await work(base)
  } finally {
    remove(base)
  }
}

/**
 * Copies the repository, without the slides, as its attendees get it, whatever has become of their code here.
 * @returns the folder, which whoever asked for it removes
 */
export function clone(): string {
  const base = bareTree()
  for (const path of ['exercises', 'solutions', 'shared', 'package.json', 'tsconfig.json', 'vitest.config.ts'])
    cpSync(join(root, path), join(base, path), {
      recursive: true,
      filter: (source) => !source.includes('node_modules'),
    })
  for (const chapter of chapters)
    for (const [file, text] of skeletonOf(root, chapter))
      writeFileSync(join(base, 'exercises', folderOf(chapter), file), text)
  return base
}

export const remove = (base: string): void => rmSync(base, { recursive: true, force: true })

function bareTree(): string {
  // The real path, as it is in what programs tell of their files.
  // As in C:\\Users\\Jane O'Brien: what puts a path into a command without quotes fails here, and not on her laptop.
  const base = mkdtempSync(join(realpathSync(tmpdir()), "fail well, O'Brien's "))
  symlinkSync(join(root, 'node_modules'), join(base, 'node_modules'), 'junction')
  return base
}
