import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { chapters } from '../manifest/chapters.ts'
import { pathOf, root } from '../manifest/target.ts'

/** What is left of a projector's width at 20 points; beyond it a bar goes on in the next line, and is no bar. */
const COLUMNS = 80

const hasDemo = chapters.filter((chapter) =>
  existsSync(join(root, pathOf({ chapter, subject: 'exercises' }), 'demo.ts')),
)
const demos = hasDemo.flatMap(({ number }) => [`demo ${number}`, `demo ${number} --solution`])
const printed = new Map<string, string[]>()

// All at once, as they mostly wait. A ceiling for a busy machine, not an expectation.
beforeAll(async () => {
  const show = async (demo: string) => {
    const env = { ...process.env, INIT_CWD: root }
    const { stdout } = await promisify(execFile)(process.execPath, ['shared/workshop/bin.mjs', ...demo.split(' ')], {
      cwd: root,
      env,
    })
    printed.set(demo, stdout.split('\n'))
  }
  await Promise.all(demos.map(show))
}, 240_000)

test.for(demos)('%s keeps to 80 columns, as a room sees no more', (demo) => {
  const lines = printed.get(demo)!
  expect(lines.length, 'it shows something').toBeGreaterThan(5)
  expect(lines.filter((line) => [...line].length > COLUMNS)).toEqual([])
})
