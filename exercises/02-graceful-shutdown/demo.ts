// See it fail: two instances of a small service on your shutdown, behind a balancer, restarted in turn under load.
import { describe, failed, rollingRestart } from '../../shared/stage/rolling.ts'
import { startReplica } from '../../shared/testing/replica.ts'

const module = import.meta.resolve('#chapters/02-graceful-shutdown/shutdown.ts')
const load = { perSecond: 200, restarts: 6, everyMs: 1_000, probeMs: 50 }

async function start() {
  const replica = await startReplica({ module, drainDelayMs: 200, deadlineMs: 3_000 })
  return {
    origin: `http://127.0.0.1:${replica.port}`,
    async stop() {
      replica.tell('SIGTERM')
      return (await replica.exited).code
    },
  }
}

console.log(`Two instances behind a balancer that asks each for readiness every ${load.probeMs} ms.
${load.perSecond} requests a second, each of which takes 20 ms; every second one instance is
sent SIGTERM, and replaced.
`)
const result = await rollingRestart({ ...load, start, path: '/work?ms=20' })
console.log(`${load.restarts} restarts, exit codes ${result.exitCodes.join(', ')}
${describe(result)}
`)
console.log(
  failed(result) === 0
    ? 'Nobody has noticed anything. That is what a deploy should look like.'
    : `502 with UND_ERR_SOCKET: in flight, and cut. 502 with ECONNREFUSED: sent to a
door that was closed before the balancer could hear of it. In real life each of
them is somebody at a checkout.`,
)
