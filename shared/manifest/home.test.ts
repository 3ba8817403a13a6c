import fs, { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { recall, remember } from './home.ts'

/** As Windows does while a virus scanner, or another command that reads it, has the file open. */
function inUse(code: string, times: number): void {
  const { renameSync } = fs
  let left = times
  const stub: typeof renameSync = (from, to) => {
    if (left-- > 0) throw Object.assign(new Error(`${code}: in use`), { code })
    renameSync(from, to)
  }
  Object.assign(fs, { renameSync: stub })
  syncBuiltinESMExports()
  onTestFinished(() => {
    Object.assign(fs, { renameSync })
    syncBuiltinESMExports()
  })
}

test.for(['EPERM', 'EACCES', 'EBUSY'])(
  'what is remembered is there, also where somebody reads it just now: %s',
  (code) => {
    const base = mkdtempSync(join(tmpdir(), 'fail-well-'))
    onTestFinished(() => rmSync(base, { recursive: true }))
    remember('progress.json', { step: 1 }, base)
    inUse(code, 3)
    remember('progress.json', { step: 2 }, base)
    expect(recall('progress.json', base)).toEqual({ step: 2 })
    expect(readdirSync(base), 'a draft is left').not.toContainEqual(expect.stringMatching(/^progress.json./))
  },
)
