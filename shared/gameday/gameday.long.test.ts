import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { sleep } from '../core/sleep.ts'
import type { Side } from '../stage/side.ts'
import { childrenOf, isAlive, leftAfter } from '../testing/processes.ts'
import { root } from '../manifest/target.ts'
import { type Act, scripts } from '../stage/incidents/scripts.ts'
import { ALL, NONE } from '../stage/solved.ts'
import { play } from '../stage/incidents/play.ts'
import { EXIT_CODES, scoreOf } from './score.ts'
import { NoVerdict, perform } from '../stage/incidents/subject.ts'

// Real processes; ceilings for a busy machine, and no word about how good the figures are.
const WITHIN_MS = 90_000
vi.setConfig({ testTimeout: 2 * WITHIN_MS })

test('plays an incident on both sides, under the same arrivals, and leaves nobody behind', async () => {
  let pids: number[] = []
  const phases: string[] = []
  const hang = scripts[0]!
  const short = { ...hang, settleS: 0.5, baselineS: 1, faultS: 2, recoveryS: 1 }
  const acts = hang.acts.map((act) => ({ ...act, toS: 1.5 }))
  const onPhase = (phase: string) => {
    phases.push(phase)
    if (phase === 'fault') pids = childrenOf(process.pid)
  }
  const played = await play({ ...short, acts }, { sides: { yours: NONE, reference: ALL }, seed: 1, onPhase })
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

/** `npm run gameday`, without npm. */
function gameday(...args: string[]) {
  const bin = join(root, 'shared/workshop/bin.mjs')
  const child = spawn(process.execPath, [bin, 'gameday', ...args], { cwd: root, stdio: 'pipe' })
  const exited = once(child, 'exit')
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
  const says = (wanted: string) =>
    vi.waitUntil(() => {
      if (child.exitCode !== null) throw new Error(`It ended: ${said}`)
      return said.includes(wanted)
    }, WITHIN_MS)
  return { child, exited, says, said: () => said }
}

// Windows has neither these signals nor this way to ask for processes.
describe.skipIf(process.platform === 'win32')('as a command', () => {
  test('leaves nothing behind after Ctrl-C', async () => {
    const { child, exited, says } = gameday('--only', '06')
    await says('[1/1] 06 A long tail: settling')
    expect(await leftAfter(child, () => child.kill('SIGINT'), WITHIN_MS)).toEqual([])
    expect((await exited)[0]).toBe(130)
  })

  test('has no verdict about a Parcel whose carriers have died, and says so', async () => {
    const { child, exited, says, said } = gameday('--only', '06')
    await says('[1/1] 06 A long tail: settling')
    const programOf = (pid: number) => execFileSync('ps', ['-ww', '-o', 'args=', '-p', `${pid}`], { encoding: 'utf8' })
    const carriers = childrenOf(child.pid!).find((pid) => programOf(pid).includes('carriers/main.ts'))!
    expect(await leftAfter(child, () => process.kill(carriers, 'SIGKILL'), WITHIN_MS)).toEqual([])
    expect((await exited)[0]).toBe(EXIT_CODES['no verdict'])
    expect(said()).toMatch(
      /^No verdict: 06 A long tail was not played to its end\. The carriers have ended: It was ended by SIGKILL$/m,
    )
  })
})

test('an incident that cannot be put on is lost, and what it had begun does not go on', async () => {
  const asked: unknown[] = []
  const over = new AbortController()
  const side = {
    setFault: async (...fault: unknown[]) => {
      asked.push(fault)
      throw new Error('timeout')
    },
    restart: async () => void asked.push('restart'),
  } as unknown as Side
  const fault = { carrier: 'pigeon', fault: { kind: 'blackhole' } } as const
  const acts: Act[] = [
    { fromS: 0, toS: 1, what: { faults: [fault] } },
    { fromS: 0.05, toS: 0.05, what: { restart: true } },
  ]
  const performed = perform(acts, side, over.signal)
  await expect(performed).rejects.toThrow(
    new NoVerdict('The machine is too busy: its carriers do not answer (timeout)'),
  )
  over.abort()
  await sleep(100)
  expect(asked).toEqual([['pigeon', { kind: 'blackhole' }, undefined]])
})
