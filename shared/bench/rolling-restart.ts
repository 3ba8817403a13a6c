// A deploy under load: two Parcels behind a balancer, restarted in turn while the customers keep asking.
// On the skeletons, then on the solutions; a failed request on the solutions fails the run.
//
//   npm run bench rolling-restart
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { carriersValue, startFleet } from '../carriers/fleet.ts'
import { describe, failed, type Instance, rollingRestart } from './rolling.ts'

const load = {
  path: '/quotes?from=Lisbon&to=Oslo&grams=1200',
  perSecond: 200,
  restarts: 20,
  everyMs: 2_600,
  probeMs: 100,
}
const DRAIN_DELAY_MS = '500'

const main = fileURLToPath(new URL('../service/main.ts', import.meta.url))
const fleet = await startFleet()

async function startParcel(conditions: string[]): Promise<Instance> {
  const env = { ...process.env, PORT: '0', CARRIERS: carriersValue(fleet.carriers), DRAIN_DELAY_MS }
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...conditions, main], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const lines = createInterface(child.stdout)
  const listening = new Promise<string>((resolve) => {
    lines.on('line', (line) => {
      const [, origin] = /Server listening at (http:[^"]+)/.exec(line) ?? []
      if (origin) resolve(origin)
    })
  })
  const ended = exited.then(([code]) => Promise.reject(new Error(`Parcel did not start: exit code ${code}`)))
  return {
    origin: await Promise.race([listening, ended]),
    async stop() {
      child.kill('SIGTERM')
      const [code] = await exited
      return code
    },
  }
}

if (process.platform === 'win32') {
  console.error('Windows has no SIGTERM, and a rolling restart is made of it: run this on Linux, macOS or in WSL.')
  process.exit(1)
}
try {
  for (const [subject, conditions] of [
    ['skeletons', []],
    ['solutions', ['--conditions=solution']],
  ] as const) {
    const result = await rollingRestart({ ...load, start: () => startParcel([...conditions]) })
    console.log(
      `${subject}: ${load.restarts} restarts, p50 ${result.p50Ms} ms, p99 ${result.p99Ms} ms, ${describe(result)}`,
    )
    if (subject === 'solutions' && failed(result) > 0) process.exitCode = 1
  }
} finally {
  await fleet.close()
}
