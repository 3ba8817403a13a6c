import { renameSync } from 'node:fs'

/** Gives a file or a folder its final name, in one step that a crash cannot cut in two. */
export function move(from: string, to: string): void {
  for (let triesLeft = 10; ; triesLeft--)
    try {
      return renameSync(from, to)
    } catch (error) {
      // On Windows, while a virus scanner, an editor or a watching test run has it open: mostly for a moment.
      const inUse = ['EPERM', 'EACCES', 'EBUSY'].includes((error as NodeJS.ErrnoException).code ?? '')
      if (!inUse || triesLeft === 0) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30)
    }
}
