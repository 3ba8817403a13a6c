import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Carrier } from '../carrier.ts'
import { priorityOf } from '../priority.ts'
import { Shipment, ShipmentId } from '../schemas.ts'
import { findCarrier } from '../shipment-id.ts'

const schema = { summary: 'Where a parcel is', params: ShipmentId, response: { 200: Shipment } }

export const shipment: FastifyPluginAsyncTypebox<{ carriers: Carrier[] }> = async (app, { carriers }) => {
  app.get('/shipments/:id', { schema, config: { urgency: 3 } }, async (request) => {
    const { params, abortSignal, deadline, trace } = request
    const { carrier, id } = findCarrier(carriers, params.id)
    const tracked = await carrier.shipment(id, {
      signal: abortSignal,
      deadline,
      priority: priorityOf(request),
      trace,
    })
    return { ...tracked, carrier: carrier.name, id: params.id }
  })
}
