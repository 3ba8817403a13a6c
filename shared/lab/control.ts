import { type Static, type TObject, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { completeFault } from '../carriers/faults.ts'
import { CARRIER_NAMES, type CarrierName, FAULT_KINDS, type FaultKind } from '../carriers/fleet.ts'
import { Refusal } from '../carriers/http.ts'
import { incidents } from '../stage/incidents/incidents.ts'

/** The most that a laptop can be asked to send twice without the figures being about the laptop. */
const MAX_PER_SECOND = 200

const nothingElse = { additionalProperties: false }
const ids = incidents.map(({ id }) => id)

/** What `POST /control` takes: an object with one of these. */
const schemas = {
  perSecond: Type.Number({ minimum: 1, maximum: MAX_PER_SECOND }),
  paused: Type.Boolean(),
  seed: Type.Integer({ minimum: 0, maximum: 999_999_999 }),
  /** With the fault's own parameters beside its kind; `carriers/faults.ts` knows them. */
  fault: Type.Object({
    carrier: Type.Enum([...CARRIER_NAMES]),
    kind: Type.Union([Type.Enum([...FAULT_KINDS]), Type.Null()]),
    replica: Type.Optional(Type.Enum([0, 1])),
  }),
  restart: Type.Literal(true),
  /** Of a chapter, which alone is on trial. */
  incident: Type.Enum(ids),
  /** The same again, with everything on the left the attendee's; or with its chapter alone. */
  allMine: Type.Boolean(),
  healthy: Type.Literal(true),
}
type Name = keyof typeof schemas

const validators = Object.fromEntries(
  Object.entries(schemas).map(([name, schema]) => [
    name,
    Compile(Type.Object({ [name]: schema } as never, nothingElse) as TObject),
  ]),
)

export type Command =
  | { [K in Exclude<Name, 'fault'>]: { [P in K]: Static<(typeof schemas)[K]> } }[Exclude<Name, 'fault'>]
  | { fault: ReturnType<typeof readFault> }

const ACCEPTED = [
  `{ "perSecond": 1 to ${MAX_PER_SECOND} }`,
  '{ "paused": true or false }',
  '{ "seed": a whole number from 0 }',
  '{ "fault": { "carrier", "kind": a fault or null, "replica"?: 0 or 1, and the fault’s parameters } }',
  '{ "restart": true }',
  `{ "incident": ${ids.join(', ')} }`,
  '{ "allMine": true or false }',
  '{ "healthy": true }',
].join('; ')

/** Throws a 400 that names what is accepted. */
export function readCommand(body: unknown): Command {
  const [name = '', ...more] = typeof body === 'object' && body !== null ? Object.keys(body) : []
  const validator = Object.hasOwn(validators, name) ? validators[name] : undefined
  if (!validator || more.length > 0) throw new Refusal(400, `Expected exactly one of ${ACCEPTED}`)
  if (!validator.Check(body)) {
    const [error] = validator.Errors(body)
    const accepted = ACCEPTED.split('; ').find((each) => each.includes(`"${name}"`))
    const values = name === 'fault' ? ` (carriers: ${CARRIER_NAMES.join(', ')}; faults: ${FAULT_KINDS.join(', ')})` : ''
    throw new Refusal(400, `${error?.instancePath.slice(1)} ${error?.message}: expected ${accepted}${values}`)
  }
  return name === 'fault' ? { fault: readFault((body as { fault: FaultCommand }).fault) } : (body as Command)
}

interface FaultCommand {
  carrier: CarrierName
  kind: FaultKind | null
  replica?: number
}

function readFault({ carrier, kind, replica, ...parameters }: FaultCommand) {
  const [stranger] = Object.keys(parameters)
  if (kind === null && stranger) throw new Refusal(400, `A carrier without a fault takes no '${stranger}'`)
  return { carrier, replica, fault: kind && completeFault({ kind, ...parameters }) }
}
