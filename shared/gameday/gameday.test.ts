import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { childrenOf, isAlive, leftAfter } from '../testing/processes.ts'
import { root } from '../workshop/target.ts'
import { incidents } from './incidents.ts'
import { play } from './play.ts'
import { scoreOf } from './score.ts'

// Real processes; ceilings for a busy machine, and no word about how good the figures are.
const WITHIN_MS = 90_000
vi.setConfig({ testTimeout: 2 * WITHIN_MS })

test('plays an incident on both sides, under the same arrivals, and leaves nobody behind', async () => {
  let pids: number[] = []
  const phases: string[] = []
  const hang = incidents[0]!
  const short = { ...hang, settleS: 0.5, baselineS: 1, faultS: 2, recoveryS: 1 }
  const acts = hang.acts.map((act) => ({ ...act, toS: 1.5 }))
  const onPhase = (phase: string) => {
    phases.push(phase)
    if (phase === 'fault') pids = childrenOf(process.pid)
  }
  const played = await play({ ...short, acts }, { sides: ['yours', 'reference'], seed: 1, onPhase })
  if (process.platform !== 'win32') expect(pids.length, 'two Parcels and their carriers').toBeGreaterThanOrEqual(4)
  expect(phases).toEqual(['starting', 'settling', 'baseline', 'fault', 'recovery'])
  const due = (side: 'yours' | 'reference') =>
    played.sides[side]!.requests.map(({ dueS }) => dueS).toSorted((a, b) => a - b)
  expect(due('yours').length).toBeGreaterThan(20)
  expect(due('yours'), 'the customers of the one side are those of the other').toEqual(due('reference'))
  expect(played.phases.fault[1]).toBeLessThanOrEqual(played.phases.recovery[0])
  expect(played.sides.reference!.arrived).toMatchObject({ pigeon: expect.any(Number), swift: expect.any(Number) })

  const [success] = scoreOf(played).rows
  // How good yours is depends on who runs this test; that it is graded does not.
  expect([success!.yours!.holds, success!.reference!.holds]).toEqual([expect.any(Boolean), expect.any(Boolean)])
  await vi.waitUntil(() => !pids.some(isAlive), WITHIN_MS)
})

// Windows has neither this signal nor this way to ask for processes.
test.skipIf(process.platform === 'win32')('Ctrl-C leaves nothing behind', async () => {
  const bin = join(root, 'shared/workshop/bin.mjs')
  const child = spawn(process.execPath, [bin, 'gameday', '--only', '06'], { cwd: root, stdio: 'pipe' })
  const exited = once(child, 'exit')
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
  await vi.waitUntil(() => said.includes('settling') || child.exitCode !== null, WITHIN_MS)
  expect(said).toContain('[1/1] 06 A long tail: settling')
  expect(await leftAfter(child, () => child.kill('SIGINT'), WITHIN_MS)).toEqual([])
  expect((await exited)[0]).toBe(130)
})
