/**
 * Mistake: believes `content-length`; a body in chunks announces none.
 * Replaces: client.ts
 * Killed by: has undici watch each phase, and calls every kind of too late a timeout
 */
import { Pool } from 'undici'
import type { ClientLimits } from '../client.ts'

export * from '../client.ts'

export function createClient(origin: string, limits: ClientLimits): Pool {
  const pool = new Pool(origin, {
    connections: limits.connections,
    connectTimeout: limits.connectMs,
    headersTimeout: limits.headersMs,
    bodyTimeout: limits.bodyMs,
  })
  const request = pool.request.bind(pool) as (options: Parameters<Pool['request']>[0]) => ReturnType<Pool['request']>
  return Object.assign(pool, {
    request: async (options: Parameters<Pool['request']>[0]) => {
      const response = await request(options)
      if (Number(response.headers['content-length']) > limits.maxBytes) throw new Error('too large')
      return response
    },
  })
}
