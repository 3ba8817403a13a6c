import { expect, test } from 'vitest'
import { CARRIER_NAMES, type CarrierName, type Fault } from '../carriers/fleet.ts'
import type { Side } from '../stage/side.ts'
import { readCommand } from './control.ts'
import { Lab } from './lab.ts'

/** A side without a Parcel, whose carriers take a while for all that they are told. */
function slowSide() {
  const faults = new Map<CarrierName, Fault>()
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const set = async (carrier: CarrierName, fault: Fault | null) => {
    await turn()
    if (fault) faults.set(carrier, fault)
    else faults.delete(carrier)
  }
  const side = {
    setup: {},
    replace: turn,
    beginAnew() {},
    arrive() {},
    letLoose() {},
    close: turn,
    setFault: set,
    mend: () => Promise.all(CARRIER_NAMES.map((name) => set(name, null))),
    carriers: {
      // As the real ones do: their faults are read, and set again after the draws have begun anew.
      async reseed() {
        const before = [...faults]
        await turn()
        for (const [carrier, fault] of before) await set(carrier, fault)
      },
    },
  }
  return { faults, side: side as unknown as Side }
}

test.for([
  ['a seed is set', { seed: 45 }],
  ['an incident begins', { incident: 'flaky' }],
  ['a carrier gets a fault', { fault: { carrier: 'pigeon', kind: 'reset' } }],
])('all carriers are healthy after a reset that comes as %s', async ([, command]) => {
  const [yours, reference] = [slowSide(), slowSide()]
  const lab = new Lab({ yours: yours.side, reference: reference.side, cards: { state: () => [] }, seed: 1 })
  for (let turns = 0; turns < 30; turns++) {
    await lab.control(readCommand({ fault: { carrier: 'swift', kind: 'blackhole' } }))
    const begun = lab.control(readCommand(command))
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
    await Promise.all([begun, lab.control({ healthy: true })])
    for (const { faults } of [yours, reference])
      expect([...faults.keys()], `after ${turns} turns of the loop`).toEqual([])
  }
  await lab.close()
})
