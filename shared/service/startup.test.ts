import { expect, test } from 'vitest'
import { databaseAdvice, listenAdvice } from './startup.ts'

const config = { PORT: 3000, METRICS_PORT: 9464, HOST: '::' }
const advice = (code: string, platform: NodeJS.Platform = 'linux') =>
  listenAdvice(Object.assign(new Error(code), { code }), 'PORT', config, platform)

test('a taken port is another one’s, whichever of the two it is', () => {
  expect(advice('EADDRINUSE')).toMatch(/^PORT 3000 is taken on ::; .* or set PORT to another one/)
  const error = Object.assign(new Error(), { code: 'EADDRINUSE' })
  expect(listenAdvice(error, 'METRICS_PORT', config)).toMatch(/^METRICS_PORT 9464 is taken .* set METRICS_PORT to/)
})

test('a port that may not be used is the system’s below 1024, but on Windows any that somebody has reserved', () => {
  expect(advice('EACCES')).toMatch('set PORT to 1024 or above')
  expect(advice('EACCES', 'win32')).toMatch(/excludedportrange.*set PORT to another one/)
  expect(advice('EACCES', 'win32')).not.toMatch('1024')
})

test('a machine without IPv6 is told of IPv4', () => {
  expect(advice('EAFNOSUPPORT')).toMatch(/^HOST :: is no address of this machine; .*0\.0\.0\.0/)
})

test('what we know nothing about stays what it says', () => {
  expect(advice('EMFILE')).toBeUndefined()
})

test('a database that does not open is told with its own words, and with what to do where we know it', () => {
  const error = Object.assign(new Error('database "parcel" does not exist'), { code: '3D000' })
  expect(databaseAdvice(error)).toBe('database "parcel" does not exist; create it, or name another one')
  expect(databaseAdvice(new Error('unable to open database file'))).toBe('unable to open database file')
})
