import { expect, test } from 'vitest'
import type { Fault } from '../carriers/fleet.ts'
import { inVirtualTime, startParcel } from './harness.ts'
import type { Quotes } from './schemas.ts'

const URL = '/quotes?from=Lisbon&to=Oslo&grams=1200'

test('quotes of every carrier, cheapest first', async () => {
  const { app } = await startParcel()
  const response = await app.inject(URL)
  expect(response.statusCode).toBe(200)
  const { quotes, missing } = response.json<Quotes>()
  expect(missing).toEqual([])
  expect(quotes.map(({ carrier }) => carrier).sort()).toEqual(['albatross', 'kestrel', 'pelican', 'pigeon', 'swift'])
  expect(quotes.map(({ cents }) => cents)).toEqual(quotes.map(({ cents }) => cents).sort((a, b) => a - b))
  for (const quote of quotes) expect(quote).toEqual({ carrier: expect.any(String), cents: expect.any(Number), currency: 'EUR', days: expect.any(Number) })
})

const reasons: [Fault, string][] = [
  [{ kind: 'blackhole' }, 'timeout'],
  [{ kind: 'slow-headers' }, 'timeout'],
  [{ kind: 'dripping-body' }, 'timeout'],
  [{ kind: 'refused' }, 'refused'],
  [{ kind: 'truncated-body' }, 'reset'],
  [{ kind: 'reset' }, 'reset'],
  [{ kind: 'malformed-json' }, 'bad-answer'],
  [{ kind: 'huge-body' }, 'too-large'],
  [{ kind: '5xx', status: 502 }, 'status-502'],
  [{ kind: '429' }, 'status-429'],
  [{ kind: 'stuck-after-half-open' }, 'status-503'],
]

test.for(reasons)('a carrier with the fault %o is missing by the deadline, with a reason', async ([fault, reason]) => {
  const { app, fleet } = await startParcel()
  await fleet.setFault('pigeon', fault)
  const { value: response, tookMs } = await inVirtualTime(() => app.inject(URL))
  expect(response.statusCode).toBe(200)
  const { quotes, missing } = response.json<Quotes>()
  expect(missing).toEqual([{ carrier: 'pigeon', reason }])
  expect(quotes).toHaveLength(4)
  expect(tookMs).toBeLessThan(1000)
})
