import { spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { chapters, folderOf, headingsOf } from '../manifest/chapters.ts'
import { root } from '../manifest/target.ts'

// A ceiling for a busy machine, not an expectation.
vi.setConfig({ testTimeout: 60_000 })

const first = chapters[0]!

/** A command as npm runs it, from a folder of the repository. */
function command(args: string[], { from = '.', env: more = {} as Record<string, string> } = {}) {
  const env = { ...process.env, INIT_CWD: join(root, from), ...more }
  const { status, stdout, stderr } = spawnSync(process.execPath, ['shared/workshop/bin.mjs', ...args], {
    cwd: root,
    env,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

test.for([
  [['tset'], 'There is no command "tset". There are: start, service, demo, gameday, bench'],
  [['test', '00'], 'There is no chapter "00". There are: 01 timeouts'],
  [['solve'], 'Which chapter? For example: npm run solve 03'],
  [['reset', '01', 'timeout.ts'], '"npm run reset" takes chapters and nothing else, not "timeout.ts".'],
  [['undo', '01'], '"01" is no number of a kept state. "npm run undo list" shows them.'],
  [['diff', '01', 'retry.ts'], 'There is no file "retry.ts" to compare. There are: timeout.ts, '],
  [['demo'], 'Which chapter? For example: npm run demo 03'],
  [['slides', '--edition', 'double'], 'There is no edition "double". There are: 1, '],
  [['check', '00'], 'There is no chapter "00".'],
  [['check', '--recrod'], "Unknown option '--recrod'"],
  [['mutation', '00'], 'There is no chapter "00".'],
  [['mutation', '03', '--recrod'], "Unknown option '--recrod'"],
  [['test', '01', '--wat'], 'Vitest: Unknown option `--wat`'],
  [['ui', '--api.port', 'x'], '--api.port takes a number from 1 to 65535, not "x"'],
] as const)('%j is one sentence, and a failure', ([args, sentence]) => {
  const { status, stderr } = command([...args])
  expect(status).toBe(1)
  expect(stderr).toContain(sentence)
  expect(stderr.trim().split('\n')).toHaveLength(1)
})

test.for([
  ['demo', 'npm run demo 03\n    the chapter\'s "See it fail", on your code; -- --solution on ours'],
  ['slides:pdf', 'npm run slides:pdf\n    the deck as a PDF'],
  ['test', 'npm test 01\n    the same once'],
  ['mutation', '"npm run mutation" is for maintainers: CONTRIBUTING.md tells.'],
] as const)('%s --help tells what it does, and does nothing', ([name, help]) => {
  const { status, stdout } = command([name, '--help'])
  expect(stdout).toContain(help)
  expect(status).toBe(0)
})

test('without a browser, its test says how to get one', () => {
  const { status, stderr } = command(['test:browser'], { env: { CHROME_PATH: join(root, 'no-such-browser') } })
  expect(status).toBe(1)
  expect(stderr).toMatch(/^No browser is found: install .*CHROME_PATH.*\n$/)
})

test('a port that is taken is one sentence, and a failure', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(async () => void (await once(server.close(), 'close')))
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { status, stderr } = command(['ui', '--api.port', String(port)])
  expect(status).toBe(1)
  expect(stderr).toMatch(new RegExp(`^Port ${port} is taken, .* npm run ui -- --api.port \\d+\n$`))
})

test("in a chapter's folder, `test` means that chapter", () => {
  const { status, stdout } = command(['test', '-t', 'no such test'], { from: `solutions/${folderOf(first)}` })
  expect(stdout).toContain(`Chapter ${first.number}, ${first.title} on solutions/${folderOf(first)}`)
  expect(status).toBe(1)
})

test('the solutions are green, and say so by their exit code', () => {
  const { status, stdout } = command(['test', `solutions/${folderOf(first)}`])
  for (const heading of headingsOf(first)) expect(stdout).toMatch(new RegExp(`✓ ${heading} (\\d+)/\\1`))
  expect(status).toBe(0)
})

test("the doctor's exit code is what he found, and he names the fix", () => {
  const { status, stdout } = command(['doctor'], { env: { all_proxy: 'http://proxy.test:3128', no_proxy: '' } })
  expect(stdout).toContain('✓ Saved files are noticed')
  expect(stdout.match(/^[✓!✗] /gm)).toHaveLength(13)
  expect(stdout).toContain(
    '! all_proxy is set: curl would ask the proxy for 127.0.0.1\n    Set NO_PROXY=127.0.0.1,localhost',
  )
  expect(stdout.trim().split('\n').at(-1)).toMatch(
    status === 0 ? 'This machine is ready.' : 'Not ready: mend what is marked ✗',
  )
})
