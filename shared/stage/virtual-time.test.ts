import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { sleep } from '../core/sleep.ts'
import { inVirtualTime, socketsAtRest } from './virtual-time.ts'

test('real sockets take no time, and the clock waits for what is on its way through them', async () => {
  const server = createServer(async (request, response) => {
    await sleep(Number(request.url!.slice(1)))
    response.end('done')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(async () => {
    await client.destroy()
    server.close()
  })
  const order: string[] = []
  const ask = async (ms: number) => {
    const { body } = await client.request({ method: 'GET', path: `/${ms}` })
    order.push(`${await body.text()} at ${performance.now()}`)
  }
  await inVirtualTime(async () => {
    setTimeout(() => order.push(`a timer at ${performance.now()}`), 1500)
    await Promise.all([ask(10_000), ask(1000), ask(2000)])
  }, socketsAtRest)
  expect(order).toEqual(['done at 1000', 'a timer at 1500', 'done at 2000', 'done at 10000'])
})

test('what repeats, is cleared, refreshed, or too long for a timer behaves as in Node', async () => {
  const heard: string[] = []
  const say = (what: string) => heard.push(`${what} at ${performance.now()}`)
  await inVirtualTime(async () => {
    const repeated = setInterval(say, 10, 'again')
    setTimeout(() => clearInterval(repeated), 25)
    const refreshed = setTimeout(say, 30, 'refreshed')
    setTimeout(() => refreshed.refresh(), 20)
    setTimeout(say, 2 ** 31, 'too long')
    AbortSignal.timeout(40).addEventListener('abort', () => say('a signal'))
    await sleep(100)
  })
  expect(heard).toEqual(['too long at 1', 'again at 10', 'again at 20', 'a signal at 40', 'refreshed at 50'])
})
