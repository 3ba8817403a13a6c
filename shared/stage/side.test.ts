import { existsSync } from 'node:fs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { server, startProgram } from './fixture.ts'
import { TEMPORARY_OUTBOX } from './incidents/incidents.ts'
import type { ParcelOptions, Setup } from './parcel.ts'
import { Side } from './side.ts'

vi.setConfig({ testTimeout: 60_000 })

// Without what takes its time: instead of Parcel, the next of these small programs runs, and there are no carriers.
const programs = vi.hoisted((): string[] => [])
const setups = vi.hoisted((): Setup[] => [])
const startParcel = ({ setup }: ParcelOptions) => {
  setups.push(setup)
  return startProgram(programs.shift()!)
}
vi.mock('./parcel.ts', () => ({ PROBE_MS: 20, startParcel: (options: ParcelOptions) => startParcel(options) }))
const carriers = { value: '', stats: async () => [], close: async () => {} }
vi.mock('./carriers.ts', () => ({ startCarriers: async () => carriers }))

async function sideOf(...parcels: string[]): Promise<Side> {
  programs.splice(0, Infinity, ...parcels)
  const side = await Side.start({ setup: { solved: [] }, seed: 1, port: 0 })
  onTestFinished(() => side.close())
  await side.replace()
  return side
}

test('a restart is told while it runs, and when it is over with what could fail meanwhile', async () => {
  const side = await sideOf(server('one'), server('two'))
  side.customers.arrive('/', performance.now())
  const restarted = side.restart()
  side.customers.arrive('/', performance.now())
  expect(await side.state()).toMatchObject({ restart: { running: true, requests: 2, failed: 0 } })
  await restarted
  side.customers.arrive('/', performance.now())
  expect(await side.state()).toMatchObject({ restart: { running: false, requests: 2, failed: 0 } })
})

test('a restart that ends in a crash is told as a crash, and not as a restart without failures', async () => {
  const side = await sideOf(server('one'), 'throw new Error("oops")')
  await side.restart()
  expect(await side.state()).toMatchObject({ parcel: { status: 'crashed' }, restart: undefined })
})

test('a restart that a save overtakes is forgotten, one that another overtakes is that one', async () => {
  const side = await sideOf(...['one', 'two', 'three', 'four', 'five'].map((answer) => server(answer)))
  await Promise.all([side.restart(), side.replace()])
  expect(await side.state()).toMatchObject({ parcel: { status: 'ready' }, restart: undefined })
  await Promise.all([side.restart(), side.restart()])
  expect(await side.state()).toMatchObject({ parcel: { status: 'ready' }, restart: { running: false } })
})

test('an outbox outlives a Parcel that is killed or restarted, and goes when it is replaced', async () => {
  const side = await sideOf(...['one', 'two', 'three', 'four', 'five'].map((answer) => server(answer)))
  const outbox = () => setups.at(-1)!.env!.OUTBOX_DIR!
  await side.replace({ solved: [], env: { OUTBOX_DIR: TEMPORARY_OUTBOX } })
  const first = outbox()
  expect(existsSync(first)).toBe(true)
  await side.kill()
  await side.restart()
  expect([programs.length, outbox()]).toEqual([1, first])
  await side.replace()
  expect(outbox()).not.toBe(first)
  expect([first, outbox()].map((folder) => existsSync(folder))).toEqual([false, true])
  await side.close()
  expect(existsSync(outbox())).toBe(false)
})
