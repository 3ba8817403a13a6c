import '../../shared/core/fastify.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { OverloadError } from '../../shared/core/errors.ts'
import type { Random } from '../../shared/core/random.ts'
import type { Door } from './door.ts'

export interface ShedOptions {
  door: Pick<Door, 'enter'>
  /** How late the event loop is; without it, nobody is refused for that. */
  loop?: { readonly ms: number }
  /** Lateness from which on some are refused, and from which on all; milliseconds. Default: 20 and 100. */
  lateMs?: { from: number; to: number }
  /** For `Retry-After`, in whole seconds, both included. Default: 1 and 3. */
  retryAfterS?: { from: number; to: number }
  /** Default: Math.random. */
  random?: Random
  /** For a metric, and a line in the log now and then. */
  onRefused?: (error: OverloadError, request: FastifyRequest) => void
}

/**
 * Has each request of `app` pass through the door, with the urgency of its route's `config.urgency` (0 to 7, by default 3;
 * `null` for what is never refused, such as a probe) or the lesser one that it asks for itself. Who is refused gets a 503
 * with `Retry-After`, before their body is read.
 *
 * @throws RangeError for an option out of its bounds
 */
export function shedLoad(app: FastifyInstance, _options: ShedOptions): void {
  app.addHook('onRequest', async () => {
    // Come in, all of you.
  })
}
