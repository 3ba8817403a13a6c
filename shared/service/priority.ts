import type { FastifyRequest } from 'fastify'
import { urgencyOf } from '#chapters/08-load-shedding/urgency.ts'
import type { Priority } from '#chapters/10-connection-routing/routes.ts'

/** As urgent as a booking, at least. */
const CRITICAL = 2
/** The least urgent that RFC 9218 knows. */
const BATCH = 7

/**
 * Which sockets a request may have: by the urgency of its route, or the lesser one that it asks for itself, as chapter 08
 * reads it. Whatever that reads, nobody pushes ahead.
 */
export function priorityOf({ headers, routeOptions }: Pick<FastifyRequest, 'headers' | 'routeOptions'>): Priority {
  const own = routeOptions.config.urgency ?? 3
  const urgency = Math.max(own, urgencyOf(headers.priority, own))
  if (urgency <= CRITICAL) return 'critical'
  return urgency >= BATCH ? 'batch' : 'standard'
}
