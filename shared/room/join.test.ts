import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { ResponseError, RetryError, TimeoutError } from '../core/errors.ts'
import { withFiles } from '../testing/tree.ts'
import { addressesOf, joinAddresses } from './addresses.ts'
import { Board } from './board.ts'
import { readKept, writeKept } from './keep.ts'
import { comeHome, isUnderWay, setOut } from './lock.ts'
import { forgetMembership, keepMembership, membershipFor, readMembership, readTold } from './membership.ts'
import { readOptions } from './options.ts'
import { keepSession, openSession } from './session.ts'
import { NoBoardError } from './tell.ts'
import { wordsFor } from './trouble.ts'

test.for(['http://10.0.0.5:4100/K7QX3M', 'http://10.0.0.5:4100/k7qx3m', 'http://10.0.0.5:4100/K7QX3M/'])(
  '%s is a board’s address',
  (address) => {
    expect(membershipFor(address, '')).toMatchObject({ origin: 'http://10.0.0.5:4100', code: 'K7QX3M' })
  },
)

test.for([
  '10.0.0.5:4100/K7QX3M',
  'http://10.0.0.5:4100',
  'http://10.0.0.5:4100/K7QX',
  'ftp://a/K7QX3M',
  'http://a/K7QX3O',
])('%s is none, and it is said what one looks like', (address) => {
  expect(() => membershipFor(address, '')).toThrow('it looks like http://10.0.0.5:4100/K7QX3M')
})

test('a laptop has an id that nobody can guess, and a new one each time', () => {
  const [a, b] = ['', ''].map((name) => membershipFor('http://a/K7QX3M', name).id)
  expect(a).toMatch(/^[\w-]{22}$/)
  expect(a).not.toBe(b)
  expect(() => membershipFor('http://a/K7QX3M', 'x'.repeat(25))).toThrow('24 characters at most')
})

test('a membership is kept, ends by itself, and leaves nothing behind', async () => {
  await withFiles({}, async (base) => {
    const membership = membershipFor('http://a/K7QX3M', 'Wren')
    keepMembership(membership, { board: 'b', chapters: {} }, base)
    expect(readMembership(base)).toEqual(membership)
    keepMembership(membershipFor('http://a/K7QX3M', '', Date.now() - 15 * 3_600_000), { chapters: {} }, base)
    expect(readMembership(base), 'yesterday’s').toBeUndefined()
    forgetMembership(base)
    expect(readTold(base)).toEqual({ chapters: {} })
  })
})

const failed = (code: string) => new RetryError('', 'deadline', { cause: Object.assign(new Error(code), { code }) })
test.for([
  [failed('ECONNREFUSED'), /^Nobody listens at 10.0.0.5:4100: does "npm run room" run there/],
  [failed('EHOSTUNREACH'), /^This laptop does not see 10.0.0.5; many networks keep .* hotspot, or hands, as before\.$/],
  [new RetryError('', 'deadline', { cause: new TimeoutError('late') }), /^This laptop does not see 10.0.0.5/],
  [failed('ENOTFOUND'), /does not know the name/],
  [new ResponseError('', 404), /no room of that code/],
  [new ResponseError('', 429), /too much to do/],
  [new ResponseError('', 302), /a login page/],
  [new ResponseError('', 511), /a login page/],
  [failed('ERR_SSL_WRONG_VERSION_NUMBER'), /^At 10.0.0.5:4100 nobody speaks https/],
  [new NoBoardError(), /something else than the board/],
  [new Error('what?'), /^The board was not reached: what\?$/],
] as const)('why it did not work is a sentence: %s', ([error, sentence]) => {
  expect(wordsFor(error, 'http://10.0.0.5:4100', 'linux')).toMatch(sentence)
})

test('a Mac that does not let its terminal into the network has a switch for it', () => {
  const wordsOn = (code: string) => wordsFor(failed(code), 'http://10.0.0.5:4100', 'darwin')
  expect(wordsOn('EHOSTUNREACH')).toMatch(
    /^This Mac does not let us see 10.0.0.5: .* Local Network .* hotspot, or hands\.$/,
  )
  expect(wordsOn('ETIMEDOUT')).toMatch(/^This laptop does not see/)
})

test('there is one courier at a time; one that was killed is in nobody’s way', async () => {
  await withFiles({}, async (base) => {
    expect(isUnderWay(base)).toBe(false)
    expect(setOut(base)).toBe(true)
    expect(isUnderWay(base)).toBe(true)
    expect(setOut(base)).toBe(false)
    comeHome(base)
    writeFileSync(join(base, 'room-courier'), String(2 ** 30))
    expect(isUnderWay(base), 'no process has that number').toBe(false)
    expect(setOut(base)).toBe(true)
  })
})

test('a board that begins anew has the code of this morning; the next day has its own', async () => {
  await withFiles({}, async (base) => {
    const session = openSession(false, 0, base)
    const { code } = session
    keepSession(session, base)
    expect(openSession(true, 3_600_000, base).code, 'by --new-code').not.toBe(code)
    expect(openSession(false, 3_600_000, base).code, 'nobody has opened a room with the new one').toBe(code)
    expect(openSession(false, 24 * 3_600_000, base).code).not.toBe(code)
  })
})

test('what is kept in a file is all of it, for its owner’s eyes; somebody else’s file is left alone', async () => {
  await withFiles({ 'notes.txt': 'mine' }, async (base) => {
    const file = join(base, 'room.json')
    expect(readKept(file)).toBeUndefined()
    const board = new Board({ now: () => 5 })
    const id = membershipFor('http://a/K7QX3M', '').id
    board.hear(id, {
      board: null,
      name: 'Wren',
      chapters: [{ chapter: '01', green: [1, 2], red: null, hints: 3, quietS: 1 }],
    })
    writeKept(file, board, false)
    expect(
      new Board({ ...readKept(file), now: () => 6 }).id,
      'of a crash: what came after the file was written is asked for',
    ).not.toBe(board.id)
    writeKept(file, board, true)
    const again = new Board({ ...readKept(file), now: () => 6 })
    expect(again.id).toBe(board.id)
    expect([...again.people]).toEqual([...board.people])
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o077).toBe(0)
    expect(() => readKept(join(base, 'notes.txt'))).toThrow('is no file of the room')
    expect(() => readKept(base), 'a folder').toThrow('cannot be read: ')
    expect(() => writeKept(base, board, true)).toThrow()
    expect(
      readdirSync(dirname(base)).filter((name) => name.startsWith(`${basename(base)}.`)),
      'half of it',
    ).toEqual([])
    expect(readFileSync(join(base, 'notes.txt'), 'utf8')).toBe('mine')
  })
})

test.for([
  [['--port', 'x'], '--port takes a whole number from 0 to 65535, not "x"'],
  [['--rehearse', 'many'], '--rehearse takes a whole number'],
  [['30'], '"npm run room" takes no "30"'],
  [['--open'], "Unknown option '--open'"],
])('%j is not what a room is opened by, and it is said how it is', ([args, sentence]) => {
  expect(() => readOptions(args as string[])).toThrow(sentence as string)
  expect(() => readOptions(args as string[])).toThrow('Usage: npm run room -- [--port 4100]')
})

test('a rehearsal has thirty, or as many as one likes', () => {
  expect(readOptions([])).not.toHaveProperty('rehearse')
  expect(readOptions(['--rehearse']).rehearse).toBe(30)
  expect(readOptions(['--rehearse', '5']).rehearse).toBe(5)
})

test.for([
  [{ host: '0.0.0.0' }, 'http://192.168.1.7:4100/K7QX3M'],
  [{ host: '::' }, 'http://192.168.1.7:4100/K7QX3M'],
  [{ host: 'fd00::5' }, 'http://[fd00::5]:4100/K7QX3M'],
  [{ host: '0.0.0.0', address: 'desk.local' }, 'http://desk.local:4100/K7QX3M'],
  [{ host: '0.0.0.0', address: 'fd00::5' }, 'http://[fd00::5]:4100/K7QX3M'],
] as const)('a room that listens on %j is joined at %s', ([options, address]) => {
  expect(joinAddresses({ ...options, port: 4100, code: 'K7QX3M' }, ['192.168.1.7'])).toEqual([address])
})

test.for(['http://desk.local', 'desk.local:4100', 'my desk', 'fe80::1%eth0'])(
  'nobody could join at %s, and it is said now',
  (address) => {
    expect(() => joinAddresses({ host: '0.0.0.0', address, port: 4100, code: 'K7QX3M' }, [])).toThrow('--address')
  },
)

test('the likeliest address of this machine comes first', () => {
  const at = (address: string, more = {}) => [{ family: 'IPv4', internal: false, address, ...more }] as never
  const interfaces = {
    lo: at('127.0.0.1', { internal: true }),
    docker0: at('172.17.0.1'),
    'VMware Network Adapter VMnet8': at('192.168.8.1'),
    tun0: at('100.64.0.9'),
    wlan0: at('192.168.1.7'),
    eth9: at('203.0.113.9'),
    eth1: at('169.254.3.4'),
    wlan1: at('fe80::1', { family: 'IPv6' }),
  }
  expect(addressesOf(interfaces)).toEqual(['192.168.1.7', '203.0.113.9', '172.17.0.1', '192.168.8.1', '100.64.0.9'])
})
