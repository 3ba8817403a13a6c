import type { FastifyInstance } from 'fastify'
import { Trouble } from '../core/trouble.ts'

/**
 * Listens on the port, or on a free one when that is taken.
 * @returns the address to open
 * @throws Trouble when the host is not to be listened on
 */
export async function listenOn(server: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await server.listen({ host, port })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if ((code === 'EADDRINUSE' || code === 'EACCES') && port !== 0) return listenOn(server, host, 0)
    throw new Trouble(
      `The page cannot listen on ${host}: ${message}. Without --host it is at 127.0.0.1, for this machine.`,
    )
  }
}
