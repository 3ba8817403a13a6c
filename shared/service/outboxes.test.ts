import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { expect, onTestFinished, test, vi } from 'vitest'
import { lockDirectory } from '#chapters/12-durable-writes/lock.ts'
import { PATIENT } from '../testing/patient.ts'
import { buildParcel, startParcel } from './harness.ts'

const order = { carrier: 'pigeon', from: 'Lisbon', to: 'Oslo', grams: 1200 }
const within = { timeout: 10_000 }

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'parcel-outbox-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const withOutbox = (path: string, more: Record<string, string> = {}) => ({ ...PATIENT, OUTBOX_DIR: path, ...more })

const book = (app: FastifyInstance, key: string, prefer?: string, body: object = order) =>
  app.inject({
    method: 'POST',
    url: '/shipments',
    headers: { 'idempotency-key': key, ...(prefer !== undefined && { prefer }) },
    body,
  })

const metrics = async (app: FastifyInstance) => (await app.inject('/metrics')).body
const eventually = (app: FastifyInstance, line: string) =>
  vi.waitFor(async () => expect(await metrics(app)).toMatch(line), within)

test('a booking is put into the outbox, and read back', async () => {
  const { app } = await startParcel(withOutbox(folder()))
  expect((await book(app, 'k-1')).statusCode).toBe(201)
  await eventually(app, 'parcel_outbox_total{carrier="pigeon",outcome="delivered"} 1')
  const body = await metrics(app)
  expect(body).toMatch('parcel_outbox_total{carrier="pigeon",outcome="put"} 1')
  expect(body).toMatch('parcel_confirmations_total{outcome="confirmed"} 1')
  expect(body).toMatch('parcel_outbox_state{carrier="pigeon",state="open"} 1')
  expect(body).toMatch('parcel_outbox_state{carrier="pigeon",state="locked"} 0')
})

test('with Prefer: respond-async it is promised while the carrier is away, and booked when it is back', async () => {
  const { app, fleet } = await startParcel(withOutbox(folder()))
  await fleet.setFault('pigeon', { kind: '5xx' })
  const accepted = await book(app, 'k-1', 'wait=5, Respond-Async; x=1')
  expect(accepted.statusCode).toBe(202)
  expect(accepted.headers['preference-applied']).toBe('respond-async')
  expect(accepted.json()).toEqual({ ...order, status: 'accepted' })
  await eventually(app, 'parcel_outbox_pending{carrier="pigeon"} 1')
  await fleet.setFault('pigeon', null)
  await eventually(app, 'parcel_outbox_pending{carrier="pigeon"} 0')
  expect(fleet.stats().find(({ name }) => name === 'pigeon')!.bookings).toBe(1)
  const again = await book(app, 'k-1')
  expect([again.statusCode, again.json().id]).toEqual([201, 'pigeon-1'])
})

test('what was promised outlives the process that promised it', async () => {
  const path = folder()
  const { app, fleet } = await startParcel(withOutbox(path))
  await fleet.setFault('pigeon', { kind: 'refused' })
  for (const key of ['k-1', 'k-2']) expect((await book(app, key, 'respond-async')).statusCode).toBe(202)
  await app.close()
  await fleet.setFault('pigeon', null)
  const next = buildParcel(fleet.carriers, withOutbox(path))
  await next.app.ready()
  await eventually(next.app, 'parcel_outbox_total{carrier="pigeon",outcome="delivered"} 2')
  expect(fleet.stats().find(({ name }) => name === 'pigeon')!.bookings).toBe(2)
})

test('without an outbox, and with another preference, a booking is made at once', async () => {
  const { app } = await startParcel()
  const answer = await book(app, 'k-1', 'respond-async')
  expect([answer.statusCode, answer.headers['preference-applied']]).toEqual([201, undefined])
  const other = await startParcel(withOutbox(folder()))
  for (const prefer of ['', 'wait=10', 'respond-asynchronously', 'x="respond-async"'])
    expect((await book(other.app, 'k-1', prefer)).statusCode, prefer).toBe(201)
})

test('one that is full is a 503 for who would be promised something, and nothing for who has been booked', async () => {
  const { app, fleet } = await startParcel(withOutbox(folder(), { OUTBOX_CAPACITY: '1' }))
  await fleet.setFault('pigeon', { kind: '5xx' })
  expect((await book(app, 'k-1', 'respond-async')).statusCode).toBe(202)
  const refused = await book(app, 'k-2', 'respond-async')
  expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '1'])
  expect(await metrics(app)).toMatch('parcel_outbox_total{carrier="pigeon",outcome="rejected"} 1')
  const other = await startParcel(withOutbox(folder(), { OUTBOX_CAPACITY: '1' }))
  const booked = await Promise.all(Array.from({ length: 5 }, (_, i) => book(other.app, `k-${i}`)))
  expect(booked.map(({ statusCode }) => statusCode)).toEqual([201, 201, 201, 201, 201])
  await eventually(other.app, 'parcel_confirmations_total{outcome="confirmed"} 5')
})

test('one in which something has rotten is told, and left as it is', async () => {
  const path = folder()
  const first = await startParcel(withOutbox(path))
  for (const key of ['k-1', 'k-2']) expect((await book(first.app, key)).statusCode).toBe(201)
  await eventually(first.app, 'parcel_outbox_total{carrier="pigeon",outcome="delivered"} 2')
  await first.app.close()
  const file = join(
    path,
    'pigeon',
    readdirSync(join(path, 'pigeon')).find((name) => /^\d+\.log$/.test(name))!,
  )
  const bytes = readFileSync(file)
  bytes[20]! ^= 1
  writeFileSync(file, bytes)
  const { app, lines } = buildParcel(first.fleet.carriers, withOutbox(path))
  await app.ready()
  expect(lines).toContainEqual(expect.objectContaining({ level: 50, msg: 'outbox corrupt', carrier: 'pigeon' }))
  expect(await metrics(app)).toMatch('parcel_outbox_state{carrier="pigeon",state="corrupt"} 1')
  expect((await book(app, 'k-3')).statusCode).toBe(201)
  await eventually(app, 'parcel_confirmations_total{outcome="confirmed"} 1')
  expect((await book(app, 'k-4', 'respond-async')).statusCode).toBe(503)
  expect(readFileSync(file).equals(bytes)).toBe(true)
})

test('a directory that is none is told, and nobody’s failed booking', async () => {
  const file = join(folder(), 'a file')
  writeFileSync(file, '')
  const { app, lines } = await startParcel(withOutbox(file))
  await app.ready()
  expect(lines).toContainEqual(expect.objectContaining({ level: 50, msg: 'outbox broken', carrier: 'pigeon' }))
  expect(await metrics(app)).toMatch('parcel_outbox_state{carrier="pigeon",state="broken"} 1')
  expect((await book(app, 'k-1')).statusCode).toBe(201)
  await eventually(app, 'parcel_confirmations_total{outcome="confirmed"} 1')
  expect((await book(app, 'k-2', 'respond-async')).statusCode).toBe(503)
})

test('one that another process has is there when that has gone', async () => {
  const path = folder()
  const release = lockDirectory(join(path, 'pigeon'))
  onTestFinished(release)
  const { app, lines } = await startParcel(withOutbox(path))
  await app.ready()
  expect(await metrics(app)).toMatch('parcel_outbox_state{carrier="pigeon",state="locked"} 1')
  expect((await book(app, 'k-1')).statusCode).toBe(201)
  expect((await book(app, 'k-2', 'respond-async')).statusCode).toBe(503)
  release()
  await eventually(app, 'parcel_outbox_state{carrier="pigeon",state="open"} 1')
  expect((await book(app, 'k-2', 'respond-async')).statusCode).toBe(202)
  expect(lines.filter(({ msg }) => String(msg).startsWith('outbox locked')).length).toBe(1)
})

test('a shutdown ends in time at a dead carrier, and says what is left', async () => {
  const path = folder()
  const { app, fleet, lines } = await startParcel(withOutbox(path))
  await fleet.setFault('pigeon', { kind: 'blackhole' })
  for (let i = 0; i < 20; i++) expect((await book(app, `k-${i}`, 'respond-async')).statusCode).toBe(202)
  const begunAt = performance.now()
  await app.close()
  expect(performance.now() - begunAt).toBeLessThan(8000)
  expect(lines).toContainEqual(expect.objectContaining({ left: 20, carrier: 'pigeon' }))
})
