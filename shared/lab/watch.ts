import { readdirSync, watch } from 'node:fs'
import { join } from 'node:path'
import { root } from '../manifest/target.ts'

/** Editors save in several steps. */
const SETTLE_MS = 150

/**
 * Tells which TypeScript files of the attendee's were saved, as paths below the root. Each folder is watched by itself:
 * a recursive watch loses a file that an editor saves by renaming another one over it, on some systems.
 *
 * @returns what ends it
 */
export function watchCode(onSave: (files: string[]) => void, base = root): () => void {
  const saved = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  const chapters = readdirSync(join(base, 'exercises'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const folders = [...chapters.map(({ name }) => `exercises/${name}`), 'shared/core']
  const watchFolder = (folder: string) => {
    const watcher = watch(join(base, folder), (_event, name) => {
      if (!name?.endsWith('.ts')) return
      saved.add(`${folder}/${name}`)
      clearTimeout(timer)
      timer = setTimeout(() => {
        onSave([...saved])
        saved.clear()
      }, SETTLE_MS)
    })
    // A folder that is taken away is an error on Windows, which nobody's listening would make the end of the Lab.
    return watcher.on('error', ({ message }) => {
      console.error(`${folder} is no longer watched (${message}): start again to have it watched.`)
      watcher.close()
    })
  }
  const watchers = folders.map(watchFolder)
  return () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}
