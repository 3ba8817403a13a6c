import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { request } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { root } from '../../manifest/target.ts'
import { checkDockerfile, copiedFrom, environmentOf, execForm, lastOf } from './dockerfile.ts'

const dockerfile = readFileSync(join(root, 'shared/service/Dockerfile'), 'utf8')
const dockerignore = readFileSync(join(root, '.dockerignore'), 'utf8')

test('the Dockerfile is in order', () => {
  expect(checkDockerfile(dockerfile, dockerignore, root)).toEqual([])
})

/** What somebody may well change, and the fix that they are then told. */
const edits: [from: string, to: string, fix: string][] = [
  ['node:24-slim\n', 'node:22.18-slim\n', 'FROM node:22.18-slim: take an image of Node 22.19 or newer'],
  ['node:24-slim\n', 'node:20-slim\n', 'FROM node:20-slim: take an image of Node 22.19 or newer'],
  ['node:24-slim\n', 'debian:13\n', 'FROM debian:13: take an image of Node'],
  ['USER 1000', 'USER node', 'USER node: end as a user by number'],
  ['USER 1000', 'USER 0', 'USER 0: end as a user by number'],
  ['USER 1000\n', '', 'USER undefined: end as a user by number'],
  ['\nCMD ["node", "--', '\nCMD ["npx", "tsx", "--', 'CMD: have ["node", …] in exec form'],
  [
    '\nCMD ["node", "--conditions=solution", ',
    '\nCMD node --conditions=solution ',
    'CMD: have ["node", …] in exec form',
  ],
  ['service/main.ts', 'service/index.ts', 'CMD: shared/service/index.ts does not exist'],
  ['"--conditions=solution", ', '', 'CMD: add --conditions=solution'],
  ['HEALTHCHECK', '# HEALTHCHECK', 'HEALTHCHECK: ask /livez'],
  ['/livez', '/readyz', 'HEALTHCHECK: ask /livez'],
  ['CMD ["node", "-e"', 'CMD ["curl", "-f"', 'HEALTHCHECK: ask with ["node", "-e", …]'],
  ['npm ci --omit=dev', 'npm ci', 'RUN npm ci --ignore-scripts: install by "npm ci --omit=dev --ignore-scripts"'],
  ['COPY shared/core ', 'COPY shared/kernel ', 'COPY shared/kernel: does not exist'],
  ['COPY shared/core ', 'COPY exercises ', 'COPY exercises: .dockerignore leaves it out; add "!exercises"'],
]

test.for(edits)('with %j as %j, the fix is: %s', ([from, to, fix]) => {
  expect(dockerfile, 'the Dockerfile no longer says this: mend the edit').toContain(from)
  const wrong = checkDockerfile(dockerfile.replace(from, to), dockerignore, root)
  expect(wrong.filter((line) => line.startsWith(fix))).toHaveLength(1)
})

/** A folder with what the Dockerfile copies, and the packages that it installs: those that lack `dev` in the lock file. */
function image(): string {
  const base = mkdtempSync(join(tmpdir(), 'parcel-'))
  onTestFinished(() => rmSync(base, { recursive: true, force: true }))
  for (const path of copiedFrom(dockerfile)) cpSync(join(root, path), join(base, path), { recursive: true })
  const { packages } = JSON.parse(readFileSync(join(base, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>
  }
  for (const [path, { dev, devOptional }] of Object.entries(packages)) {
    if (!/^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) || dev || devOptional) continue
    mkdirSync(dirname(join(base, path)), { recursive: true })
    symlinkSync(join(root, path), join(base, path), 'junction')
  }
  return base
}

test(
  'what the image holds is enough: it starts without tsx, is healthy, and ends with 0',
  { timeout: 180_000 },
  async () => {
    const cwd = image()
    const run = (args: string[], env: Record<string, string>) => {
      const child = spawn(process.execPath, args, {
        cwd,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      onTestFinished(() => void child.kill('SIGKILL'))
      return child
    }
    const ports = { HOST: '127.0.0.1', PORT: '0', METRICS_PORT: '0' }
    const DATABASE_URL = `sqlite:${join(cwd, 'scans.db')}`
    const env = { ...environmentOf(dockerfile), ...ports, DRAIN_DELAY_MS: '0', DATABASE_URL }
    const start = execForm(lastOf(dockerfile, 'CMD'))!.slice(1)
    const carriers = { CARRIERS: 'pigeon=http://127.0.0.1:9' }
    const parcel = run(start, { ...env, ...carriers })
    const [stderr, closed] = [text(parcel.stderr), once(parcel, 'close')]
    let origin: string | undefined
    for await (const chunk of parcel.stdout.iterator({ destroyOnReturn: false })) {
      origin = /Server listening at (http:\S+?)"/.exec(String(chunk))?.[1]
      if (origin) break
    }
    expect(origin, `it did not start: ${origin ? '' : await stderr}`).toBeDefined()
    parcel.stdout.resume()

    const selling = run(start, env)
    selling.stdout.resume()
    const [complaint, [code]] = await Promise.all([text(selling.stderr), once(selling, 'exit')])
    expect([code, complaint], 'without carriers').toEqual([1, expect.stringMatching(/^CARRIERS is not set/)])

    const { statusCode, body } = await request(`${origin}/readyz`, { reset: true })
    await body.dump()
    expect(statusCode).toBe(200)

    const health = execForm(lastOf(dockerfile, 'HEALTHCHECK')!.replace(/^.*?CMD /, ''))!.slice(1)
    const { port } = new URL(origin!)
    const codes = [port, '1'].map(async (PORT) => (await once(run(health, { PORT }), 'exit'))[0])
    expect(await Promise.all(codes), 'the health check, of this Parcel and of none').toEqual([0, 1])

    parcel.kill('SIGTERM')
    // Windows knows no signals: a process that gets one is gone, without a code.
    expect(await closed).toEqual(process.platform === 'win32' ? [null, 'SIGTERM'] : [0, null])
    expect(await stderr).toBe('')
  },
)
