import fs, { type FSWatcher, renameSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { withFiles } from '../testing/tree.ts'
import { watchCode } from './watch.ts'

const WITHIN_MS = 20_000
vi.setConfig({ testTimeout: 2 * WITHIN_MS })

interface Watched {
  /** Writes a file, as an editor does that writes it in its place. */
  save(file: string, text?: string): void
  /** ... or that writes another one, and gives it this one's name. */
  replace(file: string): void
  /** What was told, call by call. */
  told: string[][]
  /** Until so many calls were made. */
  tells(calls: number): Promise<unknown>
  unwatch(): void
}

/** A tree with two chapters and nothing in them. */
function watching(work: (watched: Watched) => Promise<void>): Promise<void> {
  const folders = ['exercises/01-a', 'exercises/02-b', 'shared/core']
  return withFiles(Object.fromEntries(folders.map((folder) => [`${folder}/NOTES.md`, ''])), async (base) => {
    const told: string[][] = []
    const unwatch = watchCode((files) => told.push(files), base)
    const save = (file: string, text = '') => writeFileSync(join(base, file), text)
    const replace = (file: string) => {
      save(`${file}.tmp`)
      renameSync(join(base, `${file}.tmp`), join(base, file))
    }
    const tells = (calls: number) => vi.waitUntil(() => told.length >= calls, WITHIN_MS)
    try {
      await work({ save, replace, told, tells, unwatch })
    } finally {
      unwatch()
    }
  })
}

test('tells what was saved, in a chapter as in the core, by its path below the root', () =>
  watching(async ({ save, told, tells }) => {
    save('exercises/02-b/b.ts')
    await tells(1)
    save('shared/core/c.ts')
    await tells(2)
    expect(told).toEqual([['exercises/02-b/b.ts'], ['shared/core/c.ts']])
  }))

test('tells several writes at a time once, and each of their files', () =>
  watching(async ({ save, told, tells }) => {
    save('exercises/01-a/a.ts')
    save('exercises/01-a/a.ts', 'half')
    save('exercises/01-a/a.ts', 'whole')
    save('exercises/01-a/other.ts')
    await tells(1)
    save('exercises/02-b/later.ts')
    await tells(2)
    expect(told.map((files) => files.toSorted())).toEqual([
      ['exercises/01-a/a.ts', 'exercises/01-a/other.ts'],
      ['exercises/02-b/later.ts'],
    ])
  }))

test('notices a save by renaming another file over it, the second one as well', () =>
  watching(async ({ save, replace, told, tells }) => {
    save('exercises/01-a/a.ts')
    await tells(1)
    for (const calls of [2, 3]) {
      replace('exercises/01-a/a.ts')
      await tells(calls)
    }
    expect(told).toEqual([['exercises/01-a/a.ts'], ['exercises/01-a/a.ts'], ['exercises/01-a/a.ts']])
  }))

test('does not tell of files of another type', () =>
  watching(async ({ save, told, tells }) => {
    for (const file of ['README.md', 'red.json', 'a.ts~', '.a.ts.swp']) save(`exercises/01-a/${file}`)
    save('exercises/01-a/a.ts')
    await tells(1)
    expect(told).toEqual([['exercises/01-a/a.ts']])
  }))

test('tells nothing once it has ended, not even what it has already noticed', () =>
  watching(async ({ save, told, unwatch }) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    save('exercises/01-a/a.ts')
    while (vi.getTimerCount() === 0) await sleep(5)
    unwatch()
    save('exercises/01-a/a.ts', 'again')
    // Long enough for an event, if there still were any.
    await sleep(50)
    vi.advanceTimersByTime(60_000)
    expect(told).toEqual([])
  }))

test('a folder that is taken away, which Windows calls an error, is told and ends nothing', async () => {
  const watchers: FSWatcher[] = []
  const { watch } = fs
  Object.assign(fs, { watch: (...args: Parameters<typeof watch>) => watchers[watchers.push(watch(...args)) - 1] })
  syncBuiltinESMExports()
  onTestFinished(() => {
    Object.assign(fs, { watch })
    syncBuiltinESMExports()
  })
  const said = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => said.mockRestore())
  await watching(async ({ save, told, tells }) => {
    watchers[0]!.emit('error', new Error('EPERM: operation not permitted, watch'))
    expect(said.mock.calls.flat()).toEqual([expect.stringMatching(/^exercises\/01-a is no longer watched \(EPERM/)])
    save('exercises/02-b/b.ts')
    await tells(1)
    expect(told).toEqual([['exercises/02-b/b.ts']])
  })
})
