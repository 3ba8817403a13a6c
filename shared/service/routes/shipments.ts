import { type FastifyPluginAsyncTypebox, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import type { Carrier } from '../carrier.ts'
import type { Confirmations } from '../confirmations.ts'
import { priorityOf } from '../priority.ts'
import { Problem } from '../problems.ts'
import { BookedShipment, IdempotencyKey, NewShipment } from '../schemas.ts'
import { shipmentId } from '../shipment-id.ts'

interface Options {
  carriers: Carrier[]
  confirmations: Confirmations
}

const schema = {
  summary: 'Books with one carrier, once per key',
  headers: IdempotencyKey,
  body: NewShipment,
  response: { 201: BookedShipment },
}

export const shipments: FastifyPluginAsyncTypebox<Options> = async (app, { carriers, confirmations }) => {
  // Takes a JSON body as it is. Fastify's own validator, made for query strings too, reads `true` as 1 gram.
  app.setValidatorCompiler(TypeBoxValidatorCompiler)

  app.post('/shipments', { schema, config: { urgency: 1 } }, async (request, reply) => {
    const { body, headers, abortSignal, deadline, trace } = request
    const { carrier: name, ...consignment } = body
    const carrier = carriers.find((carrier) => carrier.name === name)
    if (!carrier) {
      const names = carriers.map(({ name }) => name).join(', ')
      throw new Problem(400, `There is no carrier ${JSON.stringify(name)}; there are ${names}`)
    }
    const booked = await carrier.book(consignment, headers['idempotency-key'], {
      signal: abortSignal,
      deadline,
      priority: priorityOf(request),
      trace,
    })
    confirmations.offer({ carrier, id: booked.id })
    const id = shipmentId(carrier, booked.id)
    return reply
      .code(201)
      .header('location', `/shipments/${encodeURIComponent(id)}`)
      .send({ ...booked, carrier: name, id })
  })
}
