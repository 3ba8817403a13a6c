import { spawnSync } from 'node:child_process'
import { expect, test, vi } from 'vitest'
import { isAlive } from '../testing/processes.ts'

// A ceiling for a busy machine, not an expectation.
vi.setConfig({ testTimeout: 60_000 })

const child = import.meta.resolve('./child.ts')
const deaf = import.meta.resolve('./deaf.ts')

/** Starts an endless loop and dies of `how`; prints who loops. */
const parent = (how: string) => `
  import { startChild } from '${child}'
  const loop = startChild(['--import', '${deaf}', '--eval', 'for (;;);'], {}, () => {})
  console.log(loop.process.pid)
  ${how}`

test.skipIf(process.platform === 'win32').for([
  ['at once', `process.kill(process.pid, 'SIGKILL')`],
  ['once the loop is under way', `setTimeout(() => process.kill(process.pid, 'SIGKILL'), 700)`],
])('an endless loop does not outlive a parent that is killed %s', async ([, how]) => {
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', parent(how!)], { encoding: 'utf8' })
  const pid = Number(stdout)
  expect(pid).toBeGreaterThan(1)
  await vi
    .waitUntil(() => !isAlive(pid), 30_000)
    .catch(() => {
      process.kill(pid, 'SIGKILL')
      expect.fail('it keeps a core busy until somebody finds it')
    })
})
