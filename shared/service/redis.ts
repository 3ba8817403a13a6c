import { Redis as Client } from 'ioredis'
import type { FastifyBaseLogger } from 'fastify'
import type { Redis } from '#chapters/07-rate-limiting/shared.ts'

/** Other programs may keep their keys in the same Redis. */
const KEY_PREFIX = 'parcel:'
/** Until it gives up on a connection, and the longest wait before the next one. */
const CONNECT_MS = 1000
const COMMAND_MS = 5000

/**
 * Scripts in the Redis of that URL. What cannot be sent now fails now: ioredis would keep it until there is a connection
 * again, for seconds, and then ask for what nobody waits for any more.
 */
export function connectRedis(url: string, log: FastifyBaseLogger, keyPrefix = KEY_PREFIX) {
  const client = new Client(url, {
    keyPrefix,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_MS,
    // Whoever asks waits for less; but what a frozen one was asked must not be remembered until it thaws.
    commandTimeout: COMMAND_MS,
    retryStrategy: (times) => Math.min(100 * times, CONNECT_MS),
  })
  // Whoever asks is told of it as well, and says so once; a line for each attempt to connect would be a flood.
  client.on('error', (error) => log.debug({ err: error }, 'Redis'))
  const run: Redis = (script, keys, args) => client.eval(script, keys.length, ...keys, ...args)
  return { run, close: async () => client.disconnect() }
}
