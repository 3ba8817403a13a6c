import { expect, onTestFinished, test } from 'vitest'
import { startDouble } from '../service/harness.ts'
import { createMetrics } from '../service/metrics.ts'
import { Meter } from './meter.ts'

/** An instance of Parcel, as far as its metrics are concerned. */
async function startInstance() {
  const metrics = createMetrics()
  let hangs = false
  const { replicas } = await startDouble((_request, response) => {
    if (!hangs) void metrics.registry.metrics().then((text) => response.end(text))
  })
  return { ...metrics, origin: replicas[0]!, hang: (now: boolean) => (hangs = now) }
}

function openMeter(limitMs = 30_000) {
  const meter = new Meter({ limitMs })
  onTestFinished(() => meter.close())
  return meter
}

test('tells what has happened since the reading before, by carrier and kind', async () => {
  const { attempts, inFlight, origin } = await startInstance()
  const meter = openMeter()
  attempts.inc({ carrier: 'pigeon', kind: 'first' }, 5)
  await meter.read([origin])
  attempts.inc({ carrier: 'pigeon', kind: 'first' }, 3)
  attempts.inc({ carrier: 'pigeon', kind: 'retry' }, 2)
  attempts.inc({ carrier: 'swift', kind: 'hedge' })
  inFlight.inc({ carrier: 'swift' }, 7)
  const { carriers } = await meter.read([origin])
  expect(carriers).toEqual({
    pigeon: { breakers: [], attempts: 5, retries: 2, hedges: 0, inFlight: 0 },
    swift: { breakers: [], attempts: 1, retries: 0, hedges: 1, inFlight: 7 },
  })
})

test('adds up the instances of a restart; a new one counts from 0, and the breakers are its own', async () => {
  const [old, young] = [await startInstance(), await startInstance()]
  const meter = openMeter()
  const closed = { state: { status: 'closed' } }
  old.watchBreaker({ carrier: 'pigeon', replica: 0, breaker: { state: { status: 'open' } } })
  young.watchBreaker({ carrier: 'pigeon', replica: 0, breaker: closed })
  young.watchBreaker({ carrier: 'pigeon', replica: 1, breaker: { state: { status: 'half-open' } } })
  old.attempts.inc({ carrier: 'pigeon', kind: 'first' }, 1000)
  expect((await meter.read([old.origin])).carriers.pigeon).toMatchObject({ breakers: ['open'], attempts: 1000 })
  old.attempts.inc({ carrier: 'pigeon', kind: 'first' }, 2)
  young.attempts.inc({ carrier: 'pigeon', kind: 'first' }, 3)
  const { carriers } = await meter.read([old.origin, young.origin])
  expect(carriers.pigeon).toMatchObject({ breakers: ['closed', 'half-open'], attempts: 5 })
  expect((await meter.read([young.origin])).carriers.pigeon).toMatchObject({ attempts: 0 })
})

test('does not wait for an instance that hangs, and does not count twice when it is back', async () => {
  const { attempts, origin, hang } = await startInstance()
  const meter = openMeter(1000)
  attempts.inc({ carrier: 'pigeon', kind: 'first' }, 10)
  await meter.read([origin])
  hang(true)
  expect(await meter.read([origin])).toEqual({ carriers: {}, memoryMb: 0, owed: undefined })
  hang(false)
  attempts.inc({ carrier: 'pigeon', kind: 'first' }, 4)
  expect((await meter.read([origin])).carriers.pigeon).toMatchObject({ attempts: 4 })
})
