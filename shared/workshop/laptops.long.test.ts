import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { root } from '../manifest/target.ts'

// What an attendee's laptop may be like. A ceiling for a busy machine, not an expectation.
vi.setConfig({ testTimeout: 120_000 })

/** A tree whose only packages are these, in a folder of that name; `npm install` has never run, or left them out. */
function bareTree(packages: string[], name = 'bare'): string {
  const parent = mkdtempSync(join(realpathSync(tmpdir()), 'fail-well-'))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  const base = join(parent, name)
  mkdirSync(join(base, 'exercises'), { recursive: true })
  for (const folder of ['carriers', 'core', 'manifest', 'service', 'stage', 'workshop'])
    cpSync(join(root, 'shared', folder), join(base, 'shared', folder), { recursive: true })
  for (const file of ['package.json', 'package-lock.json']) cpSync(join(root, file), join(base, file))
  for (const each of packages) {
    mkdirSync(join(base, 'node_modules', each), { recursive: true })
    writeFileSync(join(base, 'node_modules', each, 'package.json'), '{}')
  }
  return base
}

function command(base: string, args: string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(base, 'shared/workshop/bin.mjs'), ...args], {
    cwd: base,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  })
  return { status, out: stdout, said: stderr.trim() }
}

test.for<[string, string[], string]>([
  ['nothing is installed', [], 'The dependencies are not installed: run "npm install" first.'],
  ['only what production needs is installed', ['fastify'], 'run "npm install --include=dev".'],
])('where %s, a command says what to run', ([, packages, words]) => {
  const { status, said } = command(bareTree(packages), ['test'])
  expect(status).toBe(1)
  expect(said).toContain(words)
  expect(said.split('\n')).toHaveLength(1)
})

test.for([[[]], [['fastify']]])(
  'the doctor needs nothing but Node: with the packages %j he names the cause',
  ([packages]) => {
    const { status, out, said } = command(bareTree(packages!), ['doctor'], { NODE_ENV: 'production' })
    expect(said, 'a stack is no finding').toBe('')
    expect(status).toBe(1)
    expect(out).toMatch(/✗ Dependencies are missing.*\n.*run "npm ci --include=dev"/)
  },
)

test.for(['slides', 'slides:pdf'])('%s fetches nothing: where its packages are missing it says what to run', (name) => {
  const base = bareTree([])
  for (const file of ['slides', 'shared/maintainers/package.json', 'shared/maintainers/slides/package.json'])
    cpSync(join(root, file), join(base, file), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(base, 'node_modules'), 'junction')
  const { status, said } = command(base, [name])
  expect(status).toBe(1)
  expect(said).toMatch(/^The slides need packages .* npm run doctor -- --instructor$/)
})

test.for(['#1', 'why?', '100%'])('in a folder named %s, whatever is asked says so first', (name) => {
  // Windows has no such folder.
  if (process.platform === 'win32' && name.includes('?')) return
  const base = bareTree(['vitest'], name)
  for (const args of [['test'], ['test', '01'], ['start']]) {
    const { status, said } = command(base, args)
    expect(status).toBe(1)
    expect(said).toMatch(/^The path of this folder has a #, \? or % in it.*move it/)
    expect(said.split('\n')).toHaveLength(1)
  }
})

/** A proxy that nobody may ask for this machine. */
async function startProxy() {
  const asked: string[] = []
  const server = createServer(({ url }, response) => {
    asked.push(url!)
    response.writeHead(502).end()
  }).listen(0, '127.0.0.1')
  onTestFinished(async () => {
    server.close().closeAllConnections()
    await once(server, 'close')
  })
  await once(server, 'listening')
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

test('behind a proxy that Node itself would ask, and with a HOST of the shell’s, what is on this machine is asked directly', async () => {
  const { asked, url } = await startProxy()
  const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: url, HTTPS_PROXY: url, HOST: 'x86_64-conda-linux-gnu', PORT: '1' }
  const suites = ['shared/service/processes.test.ts', 'shared/stage/meter.test.ts']
  const { status, out } = command(root, ['test', '--project=workshop', ...suites], env)
  expect(status, out).toBe(0)
  expect(asked).toEqual([])
})

test('the doctor knows that proxy', async () => {
  const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: 'http://proxy.test:3128', NO_PROXY: '', no_proxy: '' }
  expect(command(root, ['doctor'], env).out).toContain('! NODE_USE_ENV_PROXY is set: curl and Node would ask the proxy')
})
