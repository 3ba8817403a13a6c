import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { chapters, folderOf } from '../manifest/chapters.ts'
import { root } from '../manifest/target.ts'

const STORIES = 100_000

// In its suite it plays some hundreds, which do for an attendee.
test(
  'no key is ever poisoned, in a hundred thousand evenings of calls that hang and callers who leave',
  { timeout: 900_000 },
  () => {
    const chapter = chapters.find(({ number }) => number === '09')!
    const suite = `exercises/${folderOf(chapter)}/model.test.ts`
    const args = ['vitest', 'run', '--project', `solutions/${folderOf(chapter)}`, suite]
    const env = { ...process.env, INTERLEAVINGS: String(STORIES), NO_COLOR: '1' }
    const { status, stdout, stderr } = spawnSync('npx', args, {
      cwd: root,
      env,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    })
    expect({ status, said: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, said: '' })
    expect(stdout).toMatch(/does in every one of them what its model does/)
  },
)
