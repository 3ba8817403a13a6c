import { request } from 'undici'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startFleet } from '../carriers/fleet.ts'
import { sleep } from '../core/sleep.ts'
import { startParcel } from './process.ts'
import { metric } from './subject.ts'

vi.setConfig({ testTimeout: 60_000 })

/** Four times the usual: on a busy machine the carriers, too, are late now and then, and that is no pause of Parcel's. */
const LIMITS = {
  CARRIER_CONNECT_MS: '400',
  CARRIER_HEADERS_MS: '800',
  CARRIER_BODY_MS: '600',
  CARRIER_CALL_MS: '1000',
  QUOTE_DEADLINE_MS: '4000',
  HANDLER_MS: '5000',
  // They ask the same, and each is to be asked for.
  QUOTE_ERROR_MS: '0',
}
const PAUSE_MS = 1400
const CUSTOMERS = 10

// As a virtual machine does that moves to another host, or a container that has used up its share of time.
test.skipIf(process.platform === 'win32')('a process that was stopped blames no carrier for it', async () => {
  const fleet = await startFleet({ latency: [{ percent: 100, ms: 300 }] })
  onTestFinished(() => fleet.close())
  const parcel = await startParcel(fleet.carriers, LIMITS)
  onTestFinished(async () => {
    parcel.kill('SIGKILL')
    await parcel.exited
  })
  const inFlight = () =>
    fleet
      .stats()
      .flatMap(({ replicas }) => replicas.map(({ inFlight }) => inFlight))
      .reduce((sum, count) => sum + count)
  const text = async (path: string) => (await request(parcel.origin + path)).body.text()

  for (let round = 0; round < 3; round++) {
    const quotes = Array.from({ length: CUSTOMERS }, () => text('/quotes?from=Lisbon&to=Oslo&grams=1200'))
    await vi.waitFor(() => expect(inFlight()).toBeGreaterThan(CUSTOMERS), { timeout: 10_000, interval: 5 })
    parcel.kill('SIGSTOP')
    await sleep(PAUSE_MS)
    parcel.kill('SIGCONT')
    await Promise.all(quotes)
    const opened = metric(await text('/metrics'), 'parcel_carrier_breaker_changes_total')
    expect(opened, 'breakers of healthy carriers have opened').toEqual([])
  }
})
