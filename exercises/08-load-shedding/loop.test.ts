import { LoopDelay } from '#chapters/08-load-shedding/loop-delay.ts'
import { listenMore } from '#chapters/08-load-shedding/listen.ts'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { eventually, outcomeOf } from '../../shared/testing/outcome.ts'

/** Those that its own socket has accepted. */
const connections = (server: Server) => promisify(server.getConnections.bind(server))()

describe('Step 6: How late is the loop?', () => {
  /** A clock that can go on while no timer has a turn, as it does when the loop is blocked. */
  function watched() {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
    const { now } = performance
    let blockedMs = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + blockedMs)
    onTestFinished(() => void clock.mockRestore())
    const loop = new LoopDelay()
    onTestFinished(() => loop.stop())
    vi.advanceTimersByTime(1_000)
    return { loop, block: (ms: number) => void (blockedMs += ms) }
  }

  test('knows of a block before its timer has had a turn', () => {
    const { loop, block } = watched()
    expect(loop.ms, 'on time').toBeLessThan(5)
    block(250)
    expect(
      loop.ms,
      'the loop has done nothing else for 250 ms, and this is asked by the first who is read',
    ).toBeGreaterThan(230)
    vi.advanceTimersByTime(10)
    expect(loop.ms, 'its timer has had a turn, and some of what came in meanwhile is still unread').toBeGreaterThan(100)
  })

  test('forgets it when the loop is on time again', () => {
    const { loop, block } = watched()
    block(250)
    expect(loop.ms).toBeGreaterThan(230)
    vi.advanceTimersByTime(15)
    const soon = loop.ms
    vi.advanceTimersByTime(30)
    expect(loop.ms, 'less and less').toBeLessThan(soon)
    vi.advanceTimersByTime(85)
    expect(loop.ms, 'a tenth of a second later: of 250 ms, a hundredth is left').toBeLessThan(5)
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
  })
})

// Only Linux spreads the connections to a port over all sockets that listen there.
describe("Step 8: The kernel's queue", () => {
  const isLinux = process.platform === 'linux'

  async function listening(handles?: number, backlog?: number) {
    const server = createServer((_request, response) => response.end('done'))
    server.listen({ port: 0, host: '127.0.0.1', reusePort: isLinux, backlog })
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    return { server, port, listeners: await listenMore(server, handles, backlog) }
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
    expect(accepted, 'all of them').toBe(64)
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
    expect(connected, 'of 64 who knock at once, connected').toBeGreaterThan(0)
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
    const [own, others]: net.Socket[][] = [[], []]
    for (let i = 0; i < 20; i++) {
      const before = await connections(server)
      const accepted = once(server, 'connection')
      const socket = net.connect(port, '127.0.0.1').on('error', () => {})
      await accepted
      ;((await connections(server)) > before ? own : others)!.push(socket)
    }
    const told = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of own!) socket.destroy()
    if (isLinux)
      expect(
        await outcomeOf(told, 200),
        `close(), when ${others!.length} connections that the other sockets have accepted are open: who exits would cut them off`,
      ).toEqual({ status: 'pending' })
    for (const socket of others!) socket.destroy()
    expect(await outcomeOf(told), 'the callback of close(), for which Fastify waits').toMatchObject({
      status: 'fulfilled',
    })
    const refused = await outcomeOf(Promise.all(Array.from({ length: 20 }, ask)), 200)
    expect(refused, 'twenty connections after close(): nobody is there who would answer').toMatchObject({
      value: Array.from({ length: 20 }, () => ''),
    })
  })
})
