// One process of overload.ts, told by its arguments which.
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { once } from 'node:events'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { pino } from 'pino'
import { readConfig } from '../service/config.ts'
import { listen } from '../service/listen.ts'
import { buildServer } from '../service/server.ts'
import { answerParent } from './server-process.ts'

/** What stands before Parcel, beside what its own chapters put there. */
export type Guard = 'none' | 'decides-while-it-reads' | 'under-pressure' | 'max-connections'

const CARRIERS = ['albatross', 'kestrel', 'pelican', 'pigeon', 'swift']
const ANSWER_MS = 5
/** As many places as the solution's door has here, and what a queue is when nobody has measured how long it may be. */
const PLACES = 64
const QUEUE = 20
/** Twice the places: some of those who hold a connection do not ask at the moment. */
const CONNECTIONS = 128

const require = createRequire(new URL('../maintainers/package.json', import.meta.url))
const busy = { type: 'about:blank', title: 'Service Unavailable', status: 503, detail: 'There is too much to do' }

/** The door that one writes first: in `onRequest` it counts, and whoever finds a place begins there and then. */
function decideWhileReading(app: FastifyInstance): void {
  let inside = 0
  const waiting: (() => void)[] = []
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.urgency === null) return done()
    const begin = () => {
      inside++
      reply.raw.once('close', () => {
        inside--
        waiting.shift()?.()
      })
      done()
    }
    if (inside < PLACES) return begin()
    if (waiting.length < QUEUE) {
      waiting.push(begin)
      return reply.raw.once('close', () => {
        const place = waiting.indexOf(begin)
        if (place >= 0) waiting.splice(place, 1)
      })
    }
    request.isTallied = true
    reply.code(503).header('retry-after', 1).send(busy)
  })
}

async function underPressure(app: FastifyInstance): Promise<void> {
  const plugin = require('@fastify/under-pressure') as FastifyPluginAsync<Record<string, unknown>>
  await app.register(plugin, {
    maxEventLoopDelay: 100,
    maxEventLoopUtilization: 0.98,
    sampleInterval: 100,
    // Its own would be an error of ours, with a stack in the log.
    pressureHandler: (request: FastifyRequest, reply: FastifyReply) => {
      request.isTallied = true
      void reply.code(503).header('retry-after', 1).send(busy)
    },
  })
}

async function startParcel(guard: Guard): Promise<string> {
  const config = readConfig(process.env)
  const { app, back } = buildServer({ config, carriers: config.CARRIERS!, logger: pino({ level: 'info' }) })
  if (guard === 'decides-while-it-reads') decideWhileReading(app)
  if (guard === 'under-pressure') await underPressure(app)
  if (guard === 'max-connections') Object.assign(app.server, { maxConnections: CONNECTIONS, dropMaxConnection: true })
  const address = { port: 0, host: '127.0.0.1' }
  return `${await listen(app, address)} ${await back!.listen(address)}`
}

/** Ten replicas that are healthy and alike, and take next to nothing of the machine: the same words, 5 ms after a question. */
async function startCarriers(): Promise<string> {
  const body = '{"cents":1234,"currency":"EUR","days":3}'
  const answer = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  const replica = async () => {
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => {})
      // A question is one chunk, and the next one comes when it is answered.
      socket.on('data', () => setTimeout(() => socket.write(answer), ANSWER_MS))
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const all = CARRIERS.map(async (name) => `${name}=${await replica()}|${await replica()}`)
  return (await Promise.all(all)).join(',')
}

/** The least that a refusal can cost: whoever asks is answered, whatever it was, and their connection closed if they want that. */
async function startBare(): Promise<string> {
  const body = JSON.stringify(busy)
  const head = ['HTTP/1.1 503 Service Unavailable', 'retry-after: 1', `content-length: ${body.length}`]
  const answer = [...head, '', body].join('\r\n')
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (asked) => (asked.includes('connection: close') ? socket.end(answer) : socket.write(answer)))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const roles: Record<string, (guard: Guard) => Promise<string>> = {
  parcel: startParcel,
  carriers: startCarriers,
  bare: startBare,
}
await answerParent((role = '', guard) => roles[role]!(guard as Guard))
