import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'

/** 1 to 100 code points, not all of them blank. By a pattern: of `maxLength`, every validator has a count of its own. */
const Place = Type.String({ pattern: '^(?=[^]*\\S)[^]{1,100}$' })

export const MAX_GRAMS = 30_000

/** What is to be shipped. */
export const Consignment = Type.Object({
  from: Place,
  to: Place,
  grams: Type.Integer({ minimum: 1, maximum: MAX_GRAMS }),
})
export type Consignment = Static<typeof Consignment>

/** What a carrier asks for it. One currency, because "cheapest first" means nothing across several. */
const Offer = Type.Object({
  cents: Type.Integer({ minimum: 0 }),
  currency: Type.Literal('EUR'),
  days: Type.Integer({ minimum: 0 }),
})
export type Offer = Static<typeof Offer>

const Booked = Type.Object({
  // With the carrier's name it has to fit into a path parameter, of which Fastify takes 100 characters.
  id: Type.String({ minLength: 1, maxLength: 64 }),
  ...Offer.properties,
  ...Consignment.properties,
})
export type Booked = Static<typeof Booked>

const Tracked = Type.Object({ ...Booked.properties, status: Type.String() })
export type Tracked = Static<typeof Tracked>

// Carriers are not ours: their answers are checked like any input.
export const offer = Compile(Offer)
export const booked = Compile(Booked)
export const tracked = Compile(Tracked)

const byCarrier = { carrier: Type.String() }

/** What the serializer does not find here it leaves out, without a word. */
export const Quotes = Type.Object({
  quotes: Type.Array(
    Type.Object({
      ...byCarrier,
      ...Offer.properties,
      /** An old price: its carrier was slow, or has failed. */
      stale: Type.Optional(Type.Literal(true)),
      /** How old it is, in whole seconds. */
      ageS: Type.Optional(Type.Integer({ minimum: 0 })),
    }),
  ),
  missing: Type.Array(Type.Object({ ...byCarrier, reason: Type.String() })),
  /** An extra: up to how many grams the cheapest costs the same. */
  room: Type.Optional(Type.Integer()),
  /** Which extra is not there, and why. */
  warnings: Type.Optional(Type.Array(Type.String())),
})
export type Quotes = Static<typeof Quotes>

export const NewShipment = Type.Object({ ...byCarrier, ...Consignment.properties })
export const BookedShipment = Type.Object({ ...byCarrier, ...Booked.properties })
/** It is written down, and will be booked: ask again with the same key. */
export const AcceptedShipment = Type.Object({
  ...byCarrier,
  ...Consignment.properties,
  status: Type.Literal('accepted'),
})
export const Shipment = Type.Object({ ...byCarrier, ...Tracked.properties })

export const BookingHeaders = Type.Object({
  /** A draft of the IETF's HTTPAPI group (Idempotency-Key) leaves the bounds to the service: printable ASCII, no spaces. */
  'idempotency-key': Type.String({ pattern: '^[!-~]{1,128}$' }),
  /** RFC 7240: `respond-async`. */
  prefer: Type.Optional(Type.String()),
})

export const ShipmentId = Type.Object({ id: Type.String() })

/** What became of an upload's lines. */
export const Uploaded = Type.Object({
  /** Lines that are done: who has to send again begins with the next one. */
  lines: Type.Integer(),
  stored: Type.Integer(),
  known: Type.Integer(),
  refused: Type.Array(Type.Object({ line: Type.Integer(), reason: Type.String() })),
  refusedCount: Type.Integer(),
})
export type Uploaded = Static<typeof Uploaded>
