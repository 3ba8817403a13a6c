import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { leftAfter } from '../testing/processes.ts'
import { chapters } from '../manifest/chapters.ts'
import { clone, remove } from '../testing/tree.ts'
import { remember } from '../manifest/home.ts'
import { fingerprintOf } from '../manifest/progress.ts'
import type { LabState } from './state.ts'

// The whole of it, in a copy of the repository whose exercises may be broken. Ceilings for a busy machine.
const WITHIN_MS = 90_000
vi.setConfig({ testTimeout: 2 * WITHIN_MS, hookTimeout: WITHIN_MS })

let base = ''
beforeAll(() => {
  base = clone()
  // The suites are known to be red: run meanwhile, as they would be, they take what there is of the machine.
  for (const chapter of chapters) {
    const steps = chapter.steps.map(() => ({ state: 'red', passed: 0, total: 1 }))
    const progress = { at: '', fingerprint: fingerprintOf(chapter, base), steps }
    remember(join('progress', `${chapter.number}.json`), progress, join(base, '.workshop'))
  }
})
afterAll(() => remove(base))

/** `npm start`, without npm. */
async function startLab(...args: string[]) {
  const bin = [join(base, 'shared/workshop/bin.mjs'), 'start', '--port', '0', '--page-port', '0', ...args]
  // What one Lab has compiled, the next one need not.
  const env = { ...process.env, INIT_CWD: base, NODE_COMPILE_CACHE: join(base, 'compiled') }
  const child = spawn(process.execPath, bin, { cwd: base, env, stdio: 'pipe' })
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
  const printed = (wanted: RegExp) =>
    vi.waitUntil(() => {
      if (child.exitCode !== null) throw new Error(`It ended: ${said}`)
      return wanted.exec(said)?.[1]
    }, WITHIN_MS)
  return { child, exited, printed, said: () => said }
}

/** Each state that arrives, as it arrives. */
async function follow(origin: string) {
  const states: LabState[] = []
  const { body } = await request(`${origin}/state`)
  let text = ''
  body.setEncoding('utf8').on('error', () => {})
  body.on('data', (chunk: string) => {
    const events = (text + chunk).split('\n\n')
    text = events.pop()!
    // The first one is all that was before.
    states.push(...events.flatMap((event) => JSON.parse(event.replace(/^(event: history\n)?data: /, '')) as LabState))
  })
  onTestFinished(() => void body.destroy())
  const until = (what: string, holds: (state: LabState) => boolean) =>
    vi
      .waitUntil(() => states.length > 0 && holds(states.at(-1)!) && states.at(-1)!, WITHIN_MS)
      .catch(() => {
        throw new Error(`Not so after ${WITHIN_MS} ms: ${what}. The last state: ${JSON.stringify(states.at(-1))}`)
      })
  const control = async (command: object) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await request(`${origin}/control`, { method: 'POST', headers, body: JSON.stringify(command) })
    await answer.body.dump()
    expect(answer.statusCode).toBe(204)
  }
  return { states, until, control }
}

const bothReady = ({ columns: { yours, reference } }: LabState) =>
  yours.parcel.status === 'ready' && reference.parcel.status === 'ready'

test('the whole of it: the same arrivals, faults, restarts, and code that is being edited', async () => {
  const { child, exited, printed } = await startLab('--fault', 'swift/1:malformed-json')
  const { states, until, control } = await follow((await printed(/The Lab is at +(\S+)/))!)
  const parcel = (await printed(/Parcel, on your code, is at (\S+)/))!

  const { columns } = await until('both are ready', bothReady)
  for (const { carriers } of Object.values(columns))
    expect(carriers.find(({ name }) => name === 'swift')!.fault).toBe('malformed-json')
  await until(
    'the traffic flows',
    (state) => state.columns.yours.arrivals.ok + state.columns.yours.arrivals.partial > 0,
  )
  const { statusCode, body } = await request(`${parcel}/quotes?from=Lisbon&to=Oslo&grams=1200`)
  expect(statusCode).toBe(200)
  expect(await body.json()).toMatchObject({ quotes: expect.any(Array), missing: expect.any(Array) })

  await control({ fault: { carrier: 'pigeon', kind: 'blackhole' } })
  const pigeonOf = (state: LabState, side: 'yours' | 'reference') =>
    state.columns[side].carriers.find(({ name }) => name === 'pigeon')!
  await until('pigeon is broken on both sides', (state) =>
    (['yours', 'reference'] as const).every((side) => pigeonOf(state, side).fault === 'blackhole'),
  )
  await until("the reference's breakers open", (state) => pigeonOf(state, 'reference').breakers.includes('open'))
  await until('on the left, requests hang at pigeon', (state) => pigeonOf(state, 'yours').inFlight > 5)
  expect(pigeonOf(states.at(-1)!, 'yours').breakers, 'nobody has written a breaker there').toEqual(['closed', 'closed'])

  await control({ healthy: true })
  await until('pigeon is well', (state) => pigeonOf(state, 'yours').fault === null)
  await control({ restart: true })
  const { columns: restarted } = await until(
    'the restart is over',
    (state) => bothReady(state) && Object.values(state.columns).every(({ restart }) => restart?.running === false),
  )
  for (const { restart } of Object.values(restarted)) expect(restart!.requests).toBeGreaterThan(0)

  const file = join(base, 'exercises/01-timeouts/timeout.ts')
  const code = readFileSync(file, 'utf8')
  onTestFinished(() => writeFileSync(file, code))
  writeFileSync(file, `${code}\nconst = 1\n`)
  const { columns: broken } = await until(
    'the syntax error shows',
    ({ columns: { yours } }) => yours.parcel.status === 'crashed',
  )
  expect(broken.yours.parcel).toMatchObject({
    error: expect.arrayContaining([expect.stringMatching(/^exercises\/01-timeouts\/timeout\.ts:\d+:\d+: ERROR/)]),
  })
  expect(broken.reference.parcel).toMatchObject({ status: 'ready' })
  writeFileSync(file, code)
  await until('it heals', bothReady)

  await control({ incident: 'dead' })
  const {
    alone,
    spotlight,
    columns: begun,
  } = await until('the incident is on', ({ spotlight }) => spotlight?.isOn === true)
  expect({ alone, title: spotlight!.title }).toEqual({ alone: '04', title: 'A dead carrier' })
  for (const { carriers, freshMs } of Object.values(begun)) {
    expect(carriers.find(({ name }) => name === 'albatross')!.fault).toBe('slow-headers')
    expect(freshMs, 'its figures are its own').toBeLessThan(WITHIN_MS)
  }
  await until('both have a number', ({ spotlight }) =>
    Object.values(spotlight!.numbers).every((number) => number !== null),
  )
  await control({ allMine: true })
  await until(
    'the same, with all that is mine',
    ({ alone, spotlight }) => alone === undefined && spotlight?.id === 'dead',
  )
  await control({ healthy: true })
  await until('all is well', (state) => bothReady(state) && state.spotlight === undefined)

  await control({ paused: true })
  await until(
    'nobody arrives any more',
    ({ columns: { yours, reference } }) => yours.arrivals.sent + reference.arrivals.sent === 0,
  )
  const sent = (side: 'yours' | 'reference') =>
    states.reduce((sum, state) => sum + state.columns[side].arrivals.sent, 0)
  expect(sent('yours')).toBeGreaterThan(0)
  expect(sent('yours'), 'the customers of the one side are those of the other').toBe(sent('reference'))

  expect(await leftAfter(child, () => child.kill('SIGINT'), WITHIN_MS)).toEqual([])
  await exited
  expect(child.exitCode).toBe(0)
})

// Windows has neither these signals nor this way to ask for processes.
describe.skipIf(process.platform === 'win32')('leaves no process behind', () => {
  test('when it is ended while its Parcels start', async () => {
    const { child, printed } = await startLab()
    const { until } = await follow((await printed(/The Lab is at +(\S+)/))!)
    await until('both are on their way', () => true)
    expect(await leftAfter(child, () => child.kill('SIGTERM'), WITHIN_MS)).toEqual([])
  })

  // From the parent's death the Lab's follows, and that of its processes from the Lab's: one after the other.
  test('when its parent is killed, and a Parcel is deaf', async () => {
    const file = join(base, 'exercises/01-timeouts/timeout.ts')
    const code = readFileSync(file, 'utf8')
    onTestFinished(() => writeFileSync(file, code))
    writeFileSync(file, `${code}\nfor (;;);\n`)
    const { child, printed } = await startLab()
    const { until } = await follow((await printed(/The Lab is at +(\S+)/))!)
    await until('the other one is ready', ({ columns }) => columns.reference.parcel.status === 'ready')
    expect(await leftAfter(child, () => child.kill('SIGKILL'), WITHIN_MS)).toEqual([])
  })
})

test('what it cannot do is a clear sentence, and exit code 1', async () => {
  const { exited, said } = await startLab('--host', '192.0.2.1')
  expect((await exited)[0]).toBe(1)
  expect(said()).toMatch(/^The page cannot listen on 192\.0\.2\.1: .*127\.0\.0\.1.*\n$/)
})
