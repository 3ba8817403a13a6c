import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { chapters, folderOf } from './chapters.ts'
import { skeletonOf } from './skeletons.ts'
import { root } from './target.ts'

/** Works on a tree of these files, which has our node_modules and is gone afterwards. */
export async function withFiles<T>(files: Record<string, string>, work: (base: string) => Promise<T>): Promise<T> {
  const base = mkdtempSync(join(tmpdir(), 'fail-well-'))
  try {
    symlinkSync(join(root, 'node_modules'), join(base, 'node_modules'), 'junction')
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(base, file)), { recursive: true })
      writeFileSync(join(base, file), text)
    }
    return await work(base)
  } finally {
    rmSync(base, { recursive: true, force: true })
  }
}

/** Works on a copy of the repository as its attendees get it, whatever has become of their code here. */
export async function withClone<T>(work: (base: string) => Promise<T>): Promise<T> {
  return withFiles({}, async (base) => {
    for (const path of ['exercises', 'shared', 'package.json', 'tsconfig.json', 'vitest.config.ts'])
      cpSync(join(root, path), join(base, path), {
        recursive: true,
        filter: (source) => !source.includes('node_modules'),
      })
    for (const chapter of chapters)
      for (const [file, text] of skeletonOf(root, chapter))
        writeFileSync(join(base, 'exercises', folderOf(chapter), file), text)
    return work(base)
  })
}
