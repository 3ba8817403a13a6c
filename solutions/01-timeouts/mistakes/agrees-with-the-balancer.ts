/**
 * Mistake: closes idle connections when the balancer does, so that either may be first.
 * Replaces: server.ts
 * Killed by: keeps idle connections longer than the balancer's idle timeout
 */
import { serverOptions as correct, type ServerLimits } from '../server.ts'

export * from '../server.ts'

export function serverOptions(limits: ServerLimits) {
  return { ...correct(limits), keepAliveTimeout: limits.balancerIdleMs }
}
