import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { chapters } from '../manifest/chapters.ts'
import { pathOf, root } from '../manifest/target.ts'

/** What is left of a projector's width at 20 points; beyond it a bar goes on in the next line, and is no bar. */
const COLUMNS = 80

const hasDemo = chapters.filter((chapter) =>
  existsSync(join(root, pathOf({ chapter, subject: 'exercises' }), 'demo.ts')),
)
const demos = hasDemo.flatMap(({ number }) => [`demo ${number}`, `demo ${number} --solution`])

// All at once, as they mostly wait.
const printed = new Map(
  demos.map((demo) => {
    const env = { ...process.env, INIT_CWD: root }
    const args = ['shared/workshop/bin.mjs', ...demo.split(' ')]
    return [demo, promisify(execFile)(process.execPath, args, { cwd: root, env })]
  }),
)
for (const each of printed.values()) each.catch(() => {})

// A ceiling for a busy machine, not an expectation.
test.for(demos)('%s keeps to 80 columns, as a room sees no more', { timeout: 240_000 }, async (demo) => {
  const lines = (await printed.get(demo)!).stdout.split('\n')
  expect(lines.length, 'it shows something').toBeGreaterThan(5)
  expect(lines.filter((line) => [...line].length > COLUMNS)).toEqual([])
})
