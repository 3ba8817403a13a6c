import { expect, test } from 'vitest'
import { Trouble } from '../core/trouble.ts'
import { readOptions } from './options.ts'

test('without arguments, everything is as the READMEs say', () => {
  expect(readOptions([])).toEqual({
    port: 3000,
    pagePort: 3100,
    slidesPort: 4000,
    host: '127.0.0.1',
    seed: 1,
    perSecond: 20,
    faults: [],
  })
})

test('every argument is taken', () => {
  const faults = ['--fault', 'pigeon:blackhole', '--fault', 'swift/1:5xx,rate=0.5']
  const ports = ['--port', '0', '--page-port', '8080', '--slides-port', '4001', '--host', '0.0.0.0']
  expect(readOptions([...faults, ...ports, '--seed', '7', '--rate', '100'])).toMatchObject({
    port: 0,
    pagePort: 8080,
    slidesPort: 4001,
    host: '0.0.0.0',
    seed: 7,
    perSecond: 100,
    faults: [{ carrier: 'pigeon' }, { carrier: 'swift', replica: 1, fault: { rate: 0.5 } }],
  })
  expect(readOptions(['--chapter', '4']).incident).toMatchObject({ id: 'dead' })
  expect(readOptions(['--day', '2']).day).toBe(2)
})

test.for([
  [['--fault', 'stork:blackhole'], /no carrier 'stork'; there are albatross/],
  [['--fault', 'pigeon'], /expected carrier:fault such as pigeon:blackhole/],
  [['--rate', '201'], /--rate takes a whole number from 1 to 200, not "201"/],
  [['--port', '70000'], /--port takes a whole number from 0 to 65535/],
  [['--page-port', 'x'], /--page-port takes/],
  [['--slides-port', '0'], /--slides-port takes a whole number from 1/],
  [['--seed', '-1'], /--seed/],
  [['--chapter', '99'], /--chapter takes one with an incident \(01, 02, .*\), not "99"/],
  [['--day', '4'], /--day takes one that has chapters \(1, 2.*\), not "4"/],
  [['--colour'], /Unknown option '--colour'/],
] as const)('%j is told what is wrong, and how it is used', ([args, message]) => {
  expect(() => readOptions([...args])).toThrow(Trouble)
  expect(() => readOptions([...args])).toThrow(message)
  expect(() => readOptions([...args])).toThrow(/\nUsage: npm start -- .*--fault pigeon:blackhole/)
})
