import { type FastifyPluginAsyncTypebox, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import type { Carrier } from '../carrier.ts'
import type { Confirmations } from '../confirmations.ts'
import type { Outboxes } from '../outboxes.ts'
import { priorityOf } from '../priority.ts'
import { Problem } from '../problems.ts'
import { AcceptedShipment, BookedShipment, BookingHeaders, NewShipment } from '../schemas.ts'
import { shipmentId } from '../shipment-id.ts'

interface Options {
  carriers: Carrier[]
  confirmations: Confirmations
  outboxes: Outboxes
}

const schema = {
  summary: 'Books with one carrier, once per key',
  headers: BookingHeaders,
  body: NewShipment,
  response: { 201: BookedShipment, 202: AcceptedShipment },
}

/** RFC 7240: preferences by commas, each with its parameters by semicolons, in upper or lower case. */
const prefersAsync = (prefer = '') => prefer.split(',').some((each) => /^\s*respond-async\s*(;|$)/i.test(each))

export const shipments: FastifyPluginAsyncTypebox<Options> = async (app, { carriers, confirmations, outboxes }) => {
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
    const key = headers['idempotency-key']
    // Without a disk to promise on, it is a preference that we do not have.
    if (outboxes.areThere && prefersAsync(headers.prefer)) {
      if (await outboxes.put(carrier, { book: consignment }, key))
        return reply
          .code(202)
          .header('preference-applied', 'respond-async')
          .send({ ...body, status: 'accepted' })
      throw new Problem(503, `What is owed to ${name} cannot be written down now`, { headers: { 'retry-after': 1 } })
    }
    const booked = await carrier.book(consignment, key, {
      signal: abortSignal,
      deadline,
      priority: priorityOf(request),
      trace,
    })
    // On disk, or else in memory: it is booked either way, and that is what was asked for.
    if (!(await outboxes.put(carrier, { id: booked.id }, `read ${booked.id}`)))
      confirmations.offer({ carrier, id: booked.id })
    const id = shipmentId(carrier, booked.id)
    return reply
      .code(201)
      .header('location', `/shipments/${encodeURIComponent(id)}`)
      .send({ ...booked, carrier: name, id })
  })
}
