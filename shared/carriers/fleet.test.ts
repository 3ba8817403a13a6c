import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { Agent, request } from 'undici'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { sleep } from '../core/sleep.ts'
import { eventually } from '../testing/outcome.ts'
import { CARRIER_NAMES, carriersValue, FAULT_KINDS, startFleet } from './fleet.ts'
import { INSTANT, openFleet, QUOTE } from './harness.ts'

const openSockets = () => process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCP')).length

test('there are five carriers with two replicas each, on loopback ports of their own', async () => {
  const { fleet } = await openFleet()
  const origins = fleet.carriers.flatMap(({ replicas }) => replicas)
  expect(fleet.carriers.map(({ name }) => name)).toEqual(CARRIER_NAMES)
  expect(new Set([...origins, fleet.admin]).size).toBe(11)
  for (const origin of origins) expect(origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect(carriersValue(fleet.carriers).split(',')[3]).toBe(`pigeon=${origins[6]}|${origins[7]}`)
})

test('statistics tell what was completed, what is under way and what the caller gave up', async () => {
  const { fleet, fetchJson, call, statsOf } = await openFleet()
  await fetchJson(QUOTE)
  await fetchJson('/nowhere')
  expect(await eventually(() => statsOf('pigeon').completed === 2)).toBe(true)

  await fleet.setFault('pigeon', { kind: 'blackhole' }, 0)
  const controllers = [1, 2, 3].map(() => new AbortController())
  const calls = controllers.map(({ signal }) => call(QUOTE, { signal }).catch(() => 'aborted'))
  expect(await eventually(() => statsOf('pigeon').inFlight === 3)).toBe(true)
  controllers[0]?.abort()
  controllers[1]?.abort()
  expect(await eventually(() => statsOf('pigeon').inFlight === 1)).toBe(true)
  expect(statsOf('pigeon')).toMatchObject({ started: 5, completed: 2, aborted: 2, inFlight: 1 })
  expect(statsOf('pigeon', 1)).toMatchObject({ started: 0, fault: null })

  await fleet.reset()
  expect(statsOf('pigeon')).toMatchObject({ started: 1, completed: 0, aborted: 0, inFlight: 1, fault: null })
  controllers[2]?.abort()
  await Promise.all(calls)
})

test('a caller who goes away ends the work for it, in every phase of a request', async () => {
  const slow = [{ percent: 100, ms: 60_000 }]
  const options = { statusMs: 3_600_000, carriers: { swift: { latency: slow } } }
  const { fleet, call, book, statsOf } = await openFleet(options)
  await fleet.setFault('pigeon', { kind: 'huge-body', bytes: 2 ** 30 })
  await fleet.setFault('pelican', { kind: 'dripping-body', everyMs: 3_600_000 })
  await fleet.setFault('kestrel', { kind: 'slow-headers', delayMs: 3_600_000 })
  const { body: booking } = await book(undefined, { carrier: 'albatross' })
  for (const carrier of ['swift', 'pigeon', 'pelican', 'kestrel', 'albatross']) {
    const path = carrier === 'albatross' ? `/shipments/${booking.id}/events` : QUOTE
    const controller = new AbortController()
    const answer = call(path, { carrier, signal: controller.signal })
    answer.then(({ body }) => body.on('error', () => {})).catch(() => {})
    expect(await eventually(() => statsOf(carrier).inFlight === 1)).toBe(true)
    controller.abort()
    // The leak detector sees to it that their timers are gone too.
    expect(await eventually(() => statsOf(carrier).aborted === 1), carrier).toBe(true)
  }
})

test('a healthy carrier keeps an idle connection for longer than a client would', async () => {
  const { fetchJson } = await openFleet()
  expect((await fetchJson(QUOTE)).headers['keep-alive']).toBe('timeout=60')
})

test('faults that follow hard on each other end with the last one', async () => {
  const { fleet, fetchJson, statsOf } = await openFleet()
  await fleet.setFault('pigeon', { kind: 'refused' })
  const changes = [null, { kind: 'blackhole' }, { kind: 'refused' }, { kind: 'reset' }, null] as const
  await Promise.all(changes.map((fault) => fleet.setFault('pigeon', fault)))
  expect(statsOf('pigeon').fault).toBeNull()
  expect((await fetchJson(QUOTE)).status).toBe(200)
})

test('a port that was taken meanwhile is told, and can be tried again', async () => {
  const { fleet, fetchJson, originOf } = await openFleet()
  await fleet.setFault('pigeon', { kind: 'refused' }, 0)
  const squatter = createServer().listen(Number(new URL(originOf('pigeon')).port), '127.0.0.1')
  await once(squatter, 'listening')
  await expect(fleet.setFault('pigeon', null, 0)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  squatter.close()
  await once(squatter, 'close')
  await fleet.setFault('pigeon', null, 0)
  expect((await fetchJson(QUOTE)).status).toBe(200)
})

describe('close', () => {
  test.each([null, ...FAULT_KINDS])('ends calls and leaves no handle under the fault %s', async (kind) => {
    const before = openSockets()
    const fleet = await startFleet({ latency: INSTANT })
    const client = new Agent()
    onTestFinished(() => client.destroy())
    const origins = fleet.carriers.flatMap(({ replicas }) => replicas)
    const booked = await request(`${origins[6]}/bookings`, {
      dispatcher: client,
      method: 'POST',
      body: '{"from":"Oslo","to":"Rome","grams":5}',
    })
    await booked.body.dump()
    if (kind) await fleet.setFault('pigeon', { kind })

    const callOf = async (path: string) => (await request(`${origins[6]}${path}`, { dispatcher: client })).body.text()
    const calls = [QUOTE, QUOTE, '/shipments/1/events'].map((path) => callOf(path).catch(() => 'cut'))
    const silent = connect(Number(new URL(origins[6] ?? '').port), '127.0.0.1')
    silent.on('error', () => {})
    const isUnderWay = () => fleet.stats().find(({ name }) => name === 'pigeon')?.replicas[0]?.started === 4
    if (kind !== 'refused') expect(await eventually(isUnderWay)).toBe(true)

    await Promise.all([fleet.close(), fleet.close()])
    await fleet.close()
    await Promise.all(calls)
    silent.destroy()
    expect(await eventually(() => openSockets() <= before)).toBe(true)
    await expect(fleet.setFault('pigeon', null)).rejects.toThrow('closed')
    await expect(request(fleet.admin, { dispatcher: client })).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('also ends a server that is just being opened again', async () => {
    const { fleet, call } = await openFleet()
    await fleet.setFault('pigeon', { kind: 'refused' })
    const opened = fleet.setFault('pigeon', null)
    await fleet.close()
    await opened
    await expect(call(QUOTE)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('comes by itself for a fleet that could not be started whole', async () => {
    const before = openSockets()
    const listen = Server.prototype.listen
    const spy = vi.spyOn(Server.prototype, 'listen')
    onTestFinished(() => spy.mockRestore())
    spy.mockImplementation(function (this: Server, port) {
      // An address for documentation (RFC 5737) is on no machine; the servers before this one listen already.
      return listen.call(this, { port, host: spy.mock.calls.length < 11 ? '127.0.0.1' : '192.0.2.1' })
    })
    await expect(startFleet()).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' })
    expect(await eventually(() => openSockets() <= before)).toBe(true)
  })
})

// A process of its own takes its time to start, most of all on a busy machine.
const timeout = 30_000
const ofItsOwn = (...args: string[]) => spawn(process.execPath, ['shared/carriers/main.ts', ...args])

// Windows has no signals that end a process in good order.
const onUnix = { timeout, skip: process.platform === 'win32' }

test('by itself, a fleet ends on a signal, whatever its callers wait for', onUnix, async () => {
  const kinds = FAULT_KINDS.filter((kind) => kind !== 'refused')
  const slots = CARRIER_NAMES.flatMap((name) => [`${name}/0`, `${name}/1`])
  const faults = kinds.flatMap((kind, index) => ['--fault', `${slots[index]}:${kind}`])
  const fleet = ofItsOwn(...faults)
  onTestFinished(() => void fleet.kill('SIGKILL'))
  let output = ''
  fleet.stdout.on('data', (chunk) => (output += chunk))
  while (!output.includes('admin http')) await once(fleet.stdout, 'data')

  const client = new Agent()
  onTestFinished(() => client.destroy())
  const origins = output.match(/http:[\d.:/]+(?=[|,'])/g) ?? []
  expect(origins).toHaveLength(10)
  const calls = origins.map((origin) => request(origin + QUOTE, { dispatcher: client }).catch(() => 'cut'))
  const admin = output.match(/admin (http\S+)/)?.[1] ?? ''
  const started = async () => {
    const { body } = await request(admin, { dispatcher: client })
    const { carriers } = (await body.json()) as { carriers: { replicas: { started: number }[] }[] }
    return carriers.every(({ replicas }) => replicas.every((replica) => replica.started === 1))
  }
  while (!(await started())) await sleep(20)
  const exited = once(fleet, 'exit')
  fleet.kill('SIGTERM')
  expect(await exited).toEqual([0, null])
  for (const call of calls) {
    const answer = await call
    if (typeof answer !== 'string') await answer.body.text().catch(() => {})
  }
})

test('by itself, a fleet says what is wrong with its command line', { timeout }, async () => {
  const fleet = ofItsOwn('--fault', 'pigeon:sloth')
  const [error, [code]] = await Promise.all([text(fleet.stderr), once(fleet, 'exit')])
  expect({ error, code }).toEqual({ error: expect.stringContaining("no fault 'sloth'; there are"), code: 1 })
})
