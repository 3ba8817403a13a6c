import { describe, expect, test } from 'vitest'
import { completeFault, FAULT_KINDS } from '../carriers/faults.ts'
import { readCommand } from './control.ts'
import { incidents } from '../stage/incidents/incidents.ts'

describe('a command', () => {
  test.for([
    { perSecond: 1 },
    { perSecond: 200 },
    { paused: true },
    { paused: false },
    { seed: 0 },
    { restart: true },
    { healthy: true },
    { allMine: false },
    ...incidents.map(({ id }) => ({ incident: id })),
  ])('is taken as it is: %j', (command) => {
    expect(readCommand(command)).toEqual(command)
  })

  test.for(FAULT_KINDS)('may be a fault, %s, with its parameters filled in', (kind) => {
    const command = readCommand({ fault: { carrier: 'pigeon', kind, replica: 1 } })
    expect(command).toEqual({ fault: { carrier: 'pigeon', replica: 1, fault: completeFault({ kind }) } })
  })

  test('may mend a carrier, and may tell more of a fault', () => {
    expect(readCommand({ fault: { carrier: 'swift', kind: null } })).toEqual({
      fault: { carrier: 'swift', fault: null },
    })
    expect(readCommand({ fault: { carrier: 'swift', kind: '5xx', rate: 0.5 } })).toMatchObject({
      fault: { fault: { kind: '5xx', status: 503, rate: 0.5 } },
    })
  })

  test.for([
    [null, /exactly one of { "perSecond": 1 to 200 }/],
    [[], /exactly one of/],
    ['restart', /exactly one of/],
    [{}, /exactly one of/],
    [{ hasOwnProperty: 1 }, /exactly one of/],
    [{ paused: true, restart: true }, /exactly one of/],
    [{ perSecond: 0 }, /perSecond .*1 to 200/],
    [{ perSecond: 201 }, /perSecond .*1 to 200/],
    [{ perSecond: '20' }, /perSecond .*1 to 200/],
    [{ paused: 'yes' }, /paused .*true or false/],
    [{ seed: 1.5 }, /seed .*whole number/],
    [{ seed: -1 }, /seed .*whole number/],
    [{ restart: false }, /restart .*"restart": true/],
    [{ healthy: 1 }, /healthy .*"healthy": true/],
    [{ incident: 'doom' }, /incident .*hang, deploy/],
    [{ allMine: 1 }, /allMine .*true or false/],
    [{ fault: 'blackhole' }, /fault .*"carrier"/],
    [{ fault: { carrier: 'stork', kind: 'blackhole' } }, /carrier .*albatross, kestrel/],
    [{ fault: { carrier: 'pigeon' } }, /kind.*blackhole/],
    [{ fault: { carrier: 'pigeon', kind: 'sloth' } }, /kind .*blackhole/],
    [{ fault: { carrier: 'pigeon', kind: 'reset', replica: 2 } }, /replica .*0 or 1/],
    [{ fault: { carrier: 'pigeon', kind: '5xx', rate: 2 } }, /rate is a number from 0 to 1, got 2/],
    [{ fault: { carrier: 'pigeon', kind: 'reset', wings: 2 } }, /reset has no 'wings'; it takes afterMs/],
    [{ fault: { carrier: 'pigeon', kind: null, rate: 2 } }, /takes no 'rate'/],
  ] as const)('that is none is refused, with what is accepted: %j', ([body, message]) => {
    expect(() => readCommand(body)).toThrow(message)
    expect(() => readCommand(body)).toThrow(expect.objectContaining({ status: 400 }))
  })
})
