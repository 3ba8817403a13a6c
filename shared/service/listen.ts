import { once } from 'node:events'
import { createServer } from 'node:net'
import type { FastifyInstance, FastifyListenOptions } from 'fastify'
import { listenMore } from '#chapters/08-load-shedding/listen.ts'

/** Where the kernel spreads the connections to a port over all sockets that listen there. */
const sharesPorts = process.platform === 'linux'

/**
 * Sockets that listen. Each accepts one connection a turn, so with as many as begin in one, whoever opens a connection for
 * each request fills the kernel's queue and not ours. Twice as many would make turns twice as long, and probes late
 * (08's notes have the figures).
 */
export const HANDLES = 32

/**
 * Connections that wait in each of them. Node's 511 would be 16,000 in all: what comes there waits for ten seconds, and whoever
 * is accepted has left, so that after a spike nobody is served any more (bench overload). For whom there is no room, the system
 * says nothing, and they knock again.
 */
const BACKLOG = 32

/** Has `app` listen, through as many sockets as the system lets it. */
export async function listen(app: FastifyInstance, { port, host }: { port: number; host: string }): Promise<string> {
  if (!sharesPorts) {
    app.log.info('This system does not share a port: one socket listens, and takes one connection a turn of the loop')
    return app.listen({ port, host })
  }
  // A second Parcel on the port would share it, in silence.
  if (port !== 0) await checkFree(port, host)
  // Fastify hands it on to Node, and does not know it.
  const shared: FastifyListenOptions & { reusePort: true } = { port, host, reusePort: true, backlog: BACKLOG }
  const origin = await app.listen(shared)
  await listenMore(app.server, HANDLES, BACKLOG)
  return origin
}

/** @throws what listening there throws */
async function checkFree(port: number, host: string): Promise<void> {
  const server = createServer()
  await once(server.listen({ port, host, exclusive: true }), 'listening')
  await new Promise((resolve) => server.close(resolve))
}
