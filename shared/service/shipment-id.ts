import type { Carrier } from './carrier.ts'
import { Problem } from './problems.ts'

/** A shipment is known by its carrier's name and its carrier's id for it, so that Parcel need not remember whose it is. */
export const shipmentId = (carrier: Carrier, id: string): string => `${carrier.name}-${id}`

/** Throws a 404 for an id that no `shipmentId` has made. The carrier alone knows whether there is such a shipment. */
export function findCarrier(carriers: Carrier[], shipmentId: string): { carrier: Carrier; id: string } {
  // Not a dot or two: in a path they are no name, but a way up.
  const [, name, id] = /^([^-]+)-(?!\.\.?$)(.+)$/.exec(shipmentId) ?? []
  const carrier = carriers.find((carrier) => carrier.name === name)
  if (!carrier || !id) throw new Problem(404, `There is no shipment ${JSON.stringify(shipmentId)}`)
  return { carrier, id }
}
