// A deploy under load: two Parcels behind a balancer, restarted in turn while the customers keep asking.
// On the skeletons, then on the solutions; a failed request on the solutions fails the run.
//
//   npm run bench rolling-restart
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { carriersValue, startFleet } from '../carriers/fleet.ts'
import { startChild } from '../stage/child.ts'
import { report } from './report.ts'
import { describe, failed, type Instance, rollingRestart, type RollingResult } from '../stage/rolling.ts'

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
  const env = { PORT: '0', CARRIERS: carriersValue(fleet.carriers), DRAIN_DELAY_MS }
  const args = ['--disable-warning=ExperimentalWarning', ...conditions, main]
  const { process: child, message } = startChild(args, env, () => {})
  const exited = once(child, 'exit')
  const { origin } = await message<{ origin: string }>()
  return {
    origin,
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
const measure = (conditions: string[]) => rollingRestart({ ...load, start: () => startParcel(conditions) })
const row = (name: string, result: RollingResult) => {
  const kinds = Object.entries(result.failures).map(([kind, count]) => `${kind} ×${count}`)
  return [name, result.requests, failed(result), kinds.join(', ') || 'none', result.p50Ms, result.p99Ms]
}
try {
  const skeletons = await measure([])
  console.log(`skeletons: ${describe(skeletons)}`)
  const solutions = await measure(['--conditions=solution'])
  report('rolling-restart', {
    title: 'A deploy under load',
    about:
      'Two Parcels with five carriers behind a balancer that asks for readiness every 100 ms and tries nothing twice; ' +
      `${load.perSecond} quotes a second in an open loop over kept-alive connections; ${load.restarts} restarts.`,
    figures: {
      skeletonsFailed: failed(skeletons),
      skeletonsRequests: skeletons.requests,
      solutionsFailed: failed(solutions),
      solutionsRequests: solutions.requests,
    },
    tables: [
      {
        caption: 'What the customers saw',
        rows: [
          ['', 'requests', 'failed', 'how', 'p50 ms', 'p99 ms'],
          row('skeletons', skeletons),
          row('solutions', solutions),
        ],
      },
    ],
    claims: [{ claim: 'no request fails on the solutions', holds: failed(solutions) === 0 }],
  })
} finally {
  await fleet.close()
}
