/**
 * Mistake: sets the limits of the headers and leaves how often Node looks at 30 s.
 * Replaces: server.ts
 * Killed by: cuts off a client that drips its headers
 */
import { serverOptions as correct, type ServerLimits } from '../server.ts'

export * from '../server.ts'

export function serverOptions(limits: ServerLimits) {
  return { ...correct(limits), http: { headersTimeout: limits.headersMs } }
}
