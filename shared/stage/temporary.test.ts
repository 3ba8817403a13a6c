import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { bytesIn, temporaryFolder } from './temporary.ts'

test('a folder goes with what is in it, and with the process that has it', () => {
  const { path, remove } = temporaryFolder()
  onTestFinished(remove)
  writeFileSync(join(path, 'one'), '12345')
  writeFileSync(join(path, 'two'), '1')
  expect([bytesIn(path), bytesIn(join(path, 'none'))]).toEqual([6, 0])
  remove()
  expect(existsSync(path)).toBe(false)
  const program = `const { temporaryFolder } = await import(${JSON.stringify(new URL('temporary.ts', import.meta.url))})
    console.log(temporaryFolder().path)
    process.exit(3)`
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', program]
  const stdout = spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout.trim()
  expect(stdout).toMatch(/parcel-/)
  expect(existsSync(stdout)).toBe(false)
})
