import { LoopDelay } from '#chapters/08-load-shedding/loop-delay.ts'
import { listenMore } from '#chapters/08-load-shedding/listen.ts'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { clockLeaps } from '../../shared/testing/clock.ts'
import { eventually, outcomeOf } from '../../shared/testing/outcome.ts'

/** Those that its own socket has accepted. */
const connections = (server: Server) => promisify(server.getConnections.bind(server))()

describe('Step 9: How late is the loop?', () => {
  function watched() {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
    const loop = new LoopDelay()
    onTestFinished(() => loop.stop())
    vi.advanceTimersByTime(1_000)
    return loop
  }

  test('knows of a block before its timer has had a turn', () => {
    const loop = watched()
    const young = new LoopDelay()
    onTestFinished(() => young.stop())
    expect(young.ms, 'just made, in a process that is a second old').toBeLessThan(5)
    for (let i = 0; i < 10; i++) {
      expect(loop.ms, `on time, ${i} ms after its timer has had a turn`).toBeLessThan(5)
      vi.advanceTimersByTime(1)
    }
    clockLeaps(250)
    expect(
      loop.ms,
      'the loop has done nothing else for 250 ms, and this is asked by the first who is read',
    ).toBeGreaterThan(230)
    vi.advanceTimersByTime(10)
    expect(loop.ms, 'its timer has had a turn, and some of what came in meanwhile is still unread').toBeGreaterThan(100)
  })

  test('forgets it when the loop is on time again', () => {
    const loop = watched()
    clockLeaps(250)
    expect(loop.ms).toBeGreaterThan(230)
    vi.advanceTimersByTime(15)
    const soon = loop.ms
    vi.advanceTimersByTime(30)
    expect(loop.ms, 'less and less').toBeLessThan(soon)
    vi.advanceTimersByTime(85)
    expect(loop.ms, 'a tenth of a second later: of 250 ms, a hundredth is left').toBeLessThan(5)

    clockLeaps(250)
    vi.advanceTimersByTime(20)
    const before = loop.ms
    vi.advanceTimersByTime(20)
    expect(before / loop.ms, 'two ticks later, of which each forgets half: how many times less is it?').toBeCloseTo(
      4,
      0,
    )
    vi.advanceTimersByTime(1_000)
    clockLeaps(250)
    vi.advanceTimersByTime(10)
    clockLeaps(8)
    vi.advanceTimersByTime(10)
    expect(loop.ms, '250 ms late, and at the next tick 8: half of what was is more').toBeGreaterThan(50)
    vi.advanceTimersByTime(1_000)
    for (let i = 0; i < 5; i++) {
      clockLeaps(50)
      expect(loop.ms, 'blocked for 50 ms again and again: it is late by 50, and not by the sum of all').toBeLessThan(60)
      vi.advanceTimersByTime(10)
      expect(loop.ms, 'the same, when its timer has had a turn').toBeLessThan(60)
    }
  })

  test('does not keep the process alive, and stops when it is told', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    const before = timers()
    const loop = new LoopDelay()
    onTestFinished(() => loop.stop())
    const held = timers()
    const blockedUntil = performance.now() + 60
    while (performance.now() < blockedUntil);
    expect(loop.ms, 'it was blocked for 60 ms').toBeGreaterThan(30)
    expect(held, 'timers that hold the process, with one more LoopDelay').toBe(before)
    await eventually(() => loop.ms < 20, 200)
    const later = timers()
    loop.stop()
    expect(timers(), 'timers that hold the process, with one LoopDelay less').toBe(later)

    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
    const other = new LoopDelay()
    vi.advanceTimersByTime(50)
    other.stop()
    expect(vi.getTimerCount(), 'timers left after stop()').toBe(0)
    vi.advanceTimersByTime(1000)
    expect(other.ms, 'how late it is, a second after stop()').toBeLessThanOrEqual(0)

    const late = watched()
    clockLeaps(250)
    vi.advanceTimersByTime(10)
    late.stop()
    expect(late.ms, 'how late it is when it was stopped, which was late before').toBeLessThanOrEqual(0)
  })
})

// Only Linux spreads the connections to a port over all sockets that listen there.
describe("Step 11: The kernel's queue", () => {
  const isLinux = process.platform === 'linux'

  async function serving({ host = '127.0.0.1', reusePort = isLinux, ...options }: net.ListenOptions = {}) {
    const server = createServer((_request, response) => response.end('done'))
    server.listen({ port: 0, host, reusePort, ...options })
    await once(server, 'listening')
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    return { server, port: (server.address() as AddressInfo).port }
  }

  async function listening(handles?: number, backlog?: number, host?: string) {
    const { server, port } = await serving({ host, backlog })
    return { server, port, listeners: await listenMore(server, handles, backlog) }
  }

  /** Opens a connection. @returns it, and whose socket has accepted it: the server's own, or one of the others */
  async function connect(server: Server) {
    const { port, address } = server.address() as AddressInfo
    const before = await connections(server)
    const told = once(server, 'connection')
    const socket = net.connect(port, address).on('error', () => {})
    onTestFinished(() => void socket.destroy())
    await told
    return { socket, by: (await connections(server)) > before ? ('own' as const) : ('others' as const) }
  }

  /** Opens twenty connections, and more until each kind of socket has accepted one: the kernel spreads them as it likes. */
  async function connectSome(server: Server) {
    const open: Record<'own' | 'others', net.Socket[]> = { own: [], others: [] }
    for (let i = 0; i < 200 && (i < 20 || !open.own.length || !open.others.length); i++) {
      const { socket, by } = await connect(server)
      open[by].push(socket)
    }
    return open
  }

  test('has a burst of newcomers accepted in a few turns, and not one in each', async () => {
    const { server, port, listeners } = await listening(8)
    expect(listeners, 'sockets that listen on the port').toBe(isLinux ? 8 : 1)
    let accepted = 0
    let most = 0
    server.on('connection', () => accepted++)
    const sockets = Array.from({ length: 64 }, () => net.connect(port, '127.0.0.1').on('error', () => {}))
    onTestFinished(() => void sockets.forEach((socket) => socket.destroy()))
    // The kernel connects them, whatever this loop does.
    const blockedUntil = performance.now() + 20
    while (performance.now() < blockedUntil);
    for (let turn = 0, before = 0; turn < 200 && accepted < 64; turn++) {
      await new Promise((resolve) => setImmediate(resolve))
      most = Math.max(most, accepted - before)
      before = accepted
    }
    expect(accepted, "told to the server as 'connection', of 64").toBe(64)
    if (isLinux) expect(most, 'accepted in one turn of the loop, by eight sockets, at most').toBeGreaterThan(2)
  })

  test('lets no more than backlog wait in each', async () => {
    const { port, listeners } = await listening(8, 2)
    expect(listeners, 'sockets that listen on the port').toBe(isLinux ? 8 : 1)
    let connected = 0
    const sockets = Array.from({ length: 64 }, () =>
      net
        .connect(port, '127.0.0.1')
        .on('connect', () => connected++)
        .on('error', () => {}),
    )
    onTestFinished(() => void sockets.forEach((socket) => socket.destroy()))
    // All of them knock in one turn. Who finds no room knocks again after a second.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(
      connected,
      'connected, of 64 who knock at once at eight sockets in each of which two may wait: is the backlog that of each, or of all?',
    ).toBeGreaterThan(isLinux ? 20 : 0)
    if (isLinux)
      expect(
        connected,
        'connected, of 64 who knock at once at eight sockets with a backlog of two (Linux lets one more wait in each): is it handed on to each of them?',
      ).toBeLessThanOrEqual(8 * 3)
  })

  test('serves those who come in by any of them, and closes all of them together', async () => {
    const { server, port, listeners } = await listening(8)
    expect(listeners, 'sockets that listen on the port').toBe(isLinux ? 8 : 1)
    const ask = async () => {
      const socket = net
        .connect(port, '127.0.0.1')
        .setEncoding('latin1')
        .on('error', () => {})
      socket.write('GET / HTTP/1.1\r\nhost: parcel\r\nconnection: close\r\n\r\n')
      let heard = ''
      socket.on('data', (chunk) => (heard += chunk))
      await new Promise((resolve) => socket.on('close', resolve))
      return heard.slice(9, 12)
    }
    const statuses = await outcomeOf(Promise.all(Array.from({ length: 40 }, ask)), 200)
    expect(statuses, 'forty requests, on a connection each').toMatchObject({
      value: Array.from({ length: 40 }, () => '200'),
    })
    const open = await connectSome(server)
    if (isLinux) expect(open.others.length, 'accepted by the seven other sockets, of twenty or more').toBeGreaterThan(0)
    const told = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of open.own) socket.destroy()
    if (isLinux)
      expect(
        await outcomeOf(told, 200),
        `close(), when ${open.others.length} connections that the other sockets have accepted are open: who exits would cut them off`,
      ).toEqual({ status: 'pending' })
    for (const socket of open.others) socket.destroy()
    expect(await outcomeOf(told), 'the callback of close(), for which Fastify waits').toMatchObject({
      status: 'fulfilled',
    })
    const again = new Promise((resolve) => server.close(resolve))
    expect(await outcomeOf(again), 'the callback of close(), when it is closed again').toMatchObject({
      status: 'fulfilled',
    })
    const refused = await outcomeOf(Promise.all(Array.from({ length: 20 }, ask)), 200)
    expect(refused, 'twenty connections after close(): nobody is there who would answer').toMatchObject({
      value: Array.from({ length: 20 }, () => ''),
    })
  })

  test('listens where the server does, as often as it is told', async () => {
    const { listeners } = await listening(3)
    expect(listeners, 'sockets that listen on the port, of three').toBe(isLinux ? 3 : 1)
    if (!isLinux) return
    const { server } = await listening(8, undefined, '127.0.0.2')
    let own = 0
    for (let i = 0; i < 40; i++) if ((await connect(server)).by === 'own') own++
    expect(own, 'of forty connections to 127.0.0.2, accepted by the socket that was there before').toBeLessThan(40)
  })

  test('is content with one where the port is not shared', async () => {
    const { listeners } = await listening(8)
    expect(listeners, 'sockets that listen on the port').toBe(isLinux ? 8 : 1)
    const { server } = await serving({ reusePort: false })
    expect(await outcomeOf(listenMore(server, 8)), 'sockets that listen on a port that is not shared').toEqual({
      status: 'fulfilled',
      value: 1,
    })
    const told = new Promise((resolve) => server.close(resolve))
    expect(await outcomeOf(told), 'close(), where one listens').toEqual({ status: 'fulfilled', value: undefined })
  })

  test('closes all at once, and calls back when the last connection has ended, whichever socket has accepted it', async () => {
    for (const last of ['own', 'others'] as const) {
      const { server, port, listeners } = await listening(8)
      expect(listeners, 'sockets that listen on the port').toBe(isLinux ? 8 : 1)
      if (!isLinux) return
      const open = await connectSome(server)
      const told = new Promise<void>((resolve) => server.close(() => resolve()))
      const late = Array.from({ length: 20 }, () => net.connect(port, '127.0.0.1').on('error', () => {}))
      onTestFinished(() => void late.forEach((socket) => socket.destroy()))
      await outcomeOf(told)
      expect(
        late.filter((socket) => !socket.destroyed).length,
        'connected after close(), of twenty, while those who came before are still there: it closes all sockets at once',
      ).toBe(0)
      const end = open[last].pop()!
      for (const socket of [...open.own, ...open.others]) socket.destroy()
      expect(
        await outcomeOf(told, 100),
        `close(), when one connection is open, accepted by ${last === 'own' ? 'its own socket' : 'one of the others'}: who exits would cut it off`,
      ).toEqual({ status: 'pending' })
      end.destroy()
      expect(await outcomeOf(told), 'close(), when all connections have ended').toMatchObject({ status: 'fulfilled' })
    }
  })

  test('closes with a server that is closed before they all listen', async () => {
    const { listeners } = await listening(8)
    expect(listeners, 'sockets that listen on the port').toBe(isLinux ? 8 : 1)
    const { server, port } = await serving()
    const opened = listenMore(server, 8)
    server.close()
    expect(await outcomeOf(opened), 'listenMore, when the server has been closed meanwhile').toMatchObject({
      status: 'fulfilled',
    })
    const sockets = Array.from({ length: 20 }, () => net.connect(port, '127.0.0.1').on('error', () => {}))
    onTestFinished(() => void sockets.forEach((socket) => socket.destroy()))
    const ended = sockets.map((socket) => new Promise((resolve) => socket.on('close', resolve)))
    expect(
      await outcomeOf(Promise.all(ended)),
      'twenty connections after that: is there a socket that listens for ever?',
    ).toMatchObject({ status: 'fulfilled' })
  })
})
