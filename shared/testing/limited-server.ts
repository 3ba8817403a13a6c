import { limitServer, type ServerLimits, serverOptions } from '#chapters/01-timeouts/server.ts'
import { once } from 'node:events'
import type { IncomingMessage, RequestOptions } from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { expect, onTestFinished } from 'vitest'
import { http } from './http.ts'
import { outcomeOf } from './outcome.ts'

const roomy: ServerLimits = {
  headersMs: 10_000,
  requestMs: 20_000,
  balancerIdleMs: 60_000,
  bodyChunkMs: 10_000,
  handlerMs: 60_000,
}

/** For chapter 01, a Fastify server with limits; `entered()` is the request that the handler of `/slow` has. */
export async function limited(limits: Partial<ServerLimits> = {}, routes: (app: FastifyInstance) => void = () => {}) {
  const all = { ...roomy, ...limits }
  const app = Fastify({ forceCloseConnections: true, ...serverOptions(all) })
  limitServer(app, all)
  const entry = Promise.withResolvers<FastifyRequest>()
  const answer = Promise.withResolvers<string>()
  const slow = (request: FastifyRequest) => {
    entry.resolve(request)
    return answer.promise
  }
  app.get('/slow', slow).post('/slow', slow)
  routes(app)
  await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    answer.resolve('at last')
    await app.close()
  })
  const { port } = app.server.address() as AddressInfo
  // Node's own client, which has no timers that a held clock would hold, and loads in no time.
  const get = async (path: string, { body, ...options }: RequestOptions & { body?: string } = {}) => {
    const request = http.request({ host: '127.0.0.1', port, path, agent: false, ...options }).end(body)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return { status: response.statusCode, body: await text(response) }
  }
  /** A socket that says `text`, and a promise of all that it hears until it is closed. */
  const speak = (text: string): [Socket, Promise<string>] => {
    const socket = net.connect(port, '127.0.0.1')
    socket.write(text)
    let heard = ''
    const closed = new Promise<string>((resolve) => {
      socket.on('data', (chunk) => (heard += chunk)).on('error', () => {})
      socket.on('close', () => resolve(heard))
    })
    onTestFinished(() => void socket.destroy())
    return [socket, closed]
  }
  const entered = async () => {
    const outcome = await outcomeOf(entry.promise)
    expect(outcome.status, 'the request never reached its handler').toBe('fulfilled')
    return entry.promise
  }
  return { app, get, speak, entered, answer: answer.resolve }
}
