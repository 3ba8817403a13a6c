import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { home } from '../manifest/home.ts'
import { root } from '../manifest/target.ts'
import { isUnderWay } from './lock.ts'
import { readMembership, readTold } from './membership.ts'
import { isDue, standings } from './news.ts'

/** It starts in half of the time by it. */
const COMPILE_CACHE = new URL('../manifest/compile-cache.mjs', import.meta.url).href

/**
 * Sends a courier to the board that was joined, if there is anything to say. A run of the tests calls it when all of
 * its results are on the screen, and does not wait: the courier is a process of its own, which outlives us if need be, and
 * ends by itself (courier.ts). Whatever goes wrong with it is not the run's.
 */
export function announce(): void {
  try {
    if (!readMembership() || !isDue(readTold(), standings())) return
    // It looks once more before it goes.
    if (isUnderWay(home)) return
    const courier = join(import.meta.dirname, 'courier.ts')
    spawn(
      process.execPath,
      ['--import', COMPILE_CACHE, '--conditions=solution', '--disable-warning=ExperimentalWarning', courier],
      {
        cwd: root,
        detached: true,
        stdio: 'ignore',
        windowsHide: true,
      },
    )
      .on('error', () => {})
      .unref()
  } catch {}
}
