import { expect, onTestFinished, test, vi } from 'vitest'
import { request } from 'undici'
import { type Balancer, startBalancer } from './balancer.ts'
import { isAlive } from '../testing/processes.ts'
import { server, startProgram } from './fixture.ts'
import { Supervisor } from './supervisor.ts'

// Real processes, though each is a small one.
vi.setConfig({ testTimeout: 60_000 })

/** A supervisor of what `programs` say, one after the other. */
async function supervise(...programs: string[]) {
  const balancer: Balancer = await startBalancer(20)
  const pids: number[] = []
  const supervisor = new Supervisor(() => {
    const instance = startProgram(programs.shift()!)
    pids.push(instance.child.process.pid!)
    return instance
  }, balancer)
  onTestFinished(async () => {
    await supervisor.close()
    await balancer.close()
  })
  const ask = async () => {
    const { statusCode, body } = await request(balancer.origin)
    return (await body.text()) || statusCode
  }
  const state = () => supervisor.state(1)
  return { supervisor, balancer, pids, ask, state }
}

const ready = { status: 'ready', instances: 1, memoryMb: 1 }

test('replaces one by the next, which serves when the old one has gone', async () => {
  const { supervisor, pids, ask, state } = await supervise(server('one'), server('two'))
  expect(state()).toMatchObject({ status: 'starting' })
  await supervisor.replace()
  expect([await ask(), state()]).toEqual(['one', ready])
  const replaced = supervisor.replace()
  expect([await ask(), state()]).toEqual(['one', { ...ready, status: 'restarting' }])
  await replaced
  expect([await ask(), state()]).toEqual(['two', ready])
  expect(pids.map(isAlive)).toEqual([false, true])
})

test('hands over at once when told, and does not wait for the old one', async () => {
  const slow = `setInterval(() => {}, 1000); process.removeAllListeners('SIGTERM'); process.on('SIGTERM', () => {})`
  const { supervisor, ask } = await supervise(server('one', slow), server('two'))
  await supervisor.replace()
  const handedOver = Promise.withResolvers<void>()
  const replaced = supervisor.replace(handedOver.resolve)
  await handedOver.promise
  // The old one is deaf to its signal and would go on answering every second request.
  expect([await ask(), await ask(), await ask()]).toEqual(['two', 'two', 'two'])
  void replaced
})

test('one that does not come up is told with its error, takes the old one along, and heals with the next', async () => {
  const { supervisor, pids, ask, state } = await supervise(server('one'), 'throw new Error("oops")', server('three'))
  await supervisor.replace()
  expect(await supervisor.replace(), 'nothing serves').toBe(false)
  expect(state()).toEqual({ status: 'crashed', error: expect.arrayContaining(['Error: oops']) })
  await vi.waitUntil(() => pids.every((pid) => !isAlive(pid)), 20_000)
  await vi.waitUntil(async () => (await ask()) === 503, 20_000)
  await supervisor.replace()
  expect([await ask(), state()]).toEqual(['three', ready])
})

test('one that ends by itself has crashed', async () => {
  const dies = `process.on('message', () => { throw new Error('at run time') })`
  const { supervisor, pids, state } = await supervise(
    server('one', `setTimeout(() => { throw new Error('later') }, 50); ${dies}`),
  )
  await supervisor.replace()
  await vi.waitUntil(() => state().status === 'crashed', 20_000)
  expect(state()).toMatchObject({ error: expect.arrayContaining(['Error: later']) })
  expect(pids.map(isAlive)).toEqual([false])
})

test('one that ends by itself while it takes over has crashed, and has taken the old one along', async () => {
  const dies = server('two', `setTimeout(() => { throw new Error('soon') }, 50)`)
  const { supervisor, balancer, pids, state } = await supervise(server('one'), dies)
  await supervisor.replace()
  const seenToEnd = () => vi.waitUntil(() => supervisor.origins.length === 1, 20_000)
  vi.spyOn(balancer, 'probed').mockImplementation(async () => void (await seenToEnd()))
  expect(await supervisor.replace(), 'nothing serves').toBe(false)
  expect(state()).toEqual({ status: 'crashed', error: expect.arrayContaining(['Error: soon']) })
  expect(pids.map(isAlive)).toEqual([false, false])
})

test('the latest call wins, and the others leave nothing behind', async () => {
  const { supervisor, pids, ask, state } = await supervise(server('one'), server('two'), 'for (;;);', server('four'))
  const replaced = [1, 2, 3, 4].map(() => supervisor.replace())
  expect(await Promise.all(replaced), 'which of them serves').toEqual([false, false, false, true])
  expect([await ask(), state()]).toEqual(['four', ready])
  await vi.waitUntil(() => pids.filter(isAlive).length === 1, 20_000)
})

test('one that is overtaken while the old one ends does not serve any more', async () => {
  const { supervisor, balancer, ask } = await supervise(server('one'), server('two'), server('three'))
  await supervisor.replace()
  let later: Promise<boolean> | undefined
  const { remove } = balancer
  vi.spyOn(balancer, 'remove').mockImplementationOnce(async (origin) => {
    later = supervisor.replace()
    await remove(origin)
  })
  expect(await supervisor.replace()).toBe(false)
  expect(await later).toBe(true)
  expect(await ask()).toBe('three')
})

test('one that is killed hears nothing of it, has not crashed, and the next one serves when it has gone', async () => {
  const deaf = `process.removeAllListeners('SIGTERM'); process.on('SIGTERM', () => {})`
  const { supervisor, pids, ask, state } = await supervise(server('one', deaf), server('two'))
  expect(await supervisor.kill(), 'nothing is there').toBe(false)
  await supervisor.replace()
  const killed = supervisor.kill()
  expect(state()).toMatchObject({ status: 'restarting', instances: 0 })
  expect(await supervisor.kill(), 'it is being replaced').toBe(false)
  expect(await killed).toBe(true)
  expect(pids.map(isAlive)).toEqual([false, true])
  expect(state()).toEqual(ready)
  await vi.waitUntil(async () => (await ask()) === 'two', 20_000)
})

test('leaves nothing behind when it is closed, not even what hears nothing', async () => {
  const { supervisor, pids } = await supervise(server('one'), 'for (;;);')
  await supervisor.replace()
  void supervisor.replace()
  await supervisor.close()
  expect(pids.map(isAlive)).toEqual([false, false])
})
