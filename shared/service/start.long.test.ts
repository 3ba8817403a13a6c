import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { childEnvironment } from './environment.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
/** From before Node's own first line to after ours. */
const MOMENTS_MS = [0, 50, 100, 200, 400, 800, 1600]

async function endAfter(ms: number) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--conditions=solution', main], {
    env: childEnvironment({ PORT: '0', DRAIN_DELAY_MS: '0' }),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const end = Promise.all([once(child, 'close'), text(child.stderr)])
  await sleep(ms)
  child.kill('SIGTERM')
  const [[code], stderr] = await end
  return { code, stderr }
}

// Windows knows no signals.
test.skipIf(process.platform === 'win32')(
  'a SIGTERM at any moment of the start ends it',
  { timeout: 120_000 },
  async () => {
    // By Node's own hand, by ours while it starts (128 + 15), or after an orderly shutdown.
    const ended = { code: expect.toBeOneOf([null, 143, 0]), stderr: '' }
    expect(await Promise.all(MOMENTS_MS.map(endAfter))).toEqual(MOMENTS_MS.map(() => ended))
  },
)
