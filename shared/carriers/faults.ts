import { Refusal } from './http.ts'
import { carrierNamed, type CarrierName } from './tariffs.ts'

/** What a carrier can be told to do wrong. Only `kind` is needed; `PARAMETERS` has the defaults and the bounds of the rest. */
export type Fault =
  /** Nobody listens: open connections are cut, new ones get ECONNREFUSED. */
  | { kind: 'refused' }
  /** Accepts the request and never answers, not even after the fault is over; no work is done. */
  | { kind: 'blackhole' }
  /** Silent for `delayMs`, then as if nothing had been. */
  | { kind: 'slow-headers'; delayMs?: number }
  /** Headers at once, then one byte of the body every `everyMs`: each byte restarts a client's timer between chunks. */
  | { kind: 'dripping-body'; everyMs?: number }
  /** The work is done, but the connection ends halfway through the body. */
  | { kind: 'truncated-body' }
  /** The work is done, but `afterMs` after the first half of the body comes a TCP reset instead of the other. */
  | { kind: 'reset'; afterMs?: number }
  /** Status, length and content type are right; the JSON ends halfway. */
  | { kind: 'malformed-json' }
  /** The right answer behind `bytes` bytes of white space: valid JSON, of a length that no header announces. */
  | { kind: 'huge-body'; bytes?: number }
  /** `status` at once, without the work, for a share `rate` of the requests. */
  | { kind: '5xx'; status?: number; rate?: number }
  /** 429 at once, without the work, with a Retry-After of `retryAfterS` seconds (RFC 9110, section 10.2.3). */
  | { kind: '429'; retryAfterS?: number }
  /**
   * The carrier comes back just well enough to ruin the breaker's probe. Each replica, from the moment the fault is set:
   * for `failMs` it answers 503 at once, which opens a breaker; it then accepts the next `probes` requests and never
   * answers them; after those it is healthy. A breaker that takes the slot of a lost probe back finds out, another never.
   */
  | { kind: 'stuck-after-half-open'; failMs?: number; probes?: number }

export type FaultKind = Fault['kind']

/** A fault with all of its parameters. */
export type CompleteFault<K extends FaultKind = FaultKind> = { [P in K]: { kind: P } & Required<Extract<Fault, { kind: P }>> }[K]

interface Parameter {
  default: number
  min: number
  max: number
}

const milliseconds = (byDefault: number): Parameter => ({ default: byDefault, min: 0, max: 3_600_000 })

const PARAMETERS: { [K in FaultKind]: Record<Exclude<keyof CompleteFault<K>, 'kind'>, Parameter> } = {
  refused: {},
  blackhole: {},
  'slow-headers': { delayMs: milliseconds(5000) },
  'dripping-body': { everyMs: milliseconds(500) },
  'truncated-body': {},
  reset: { afterMs: milliseconds(20) },
  'malformed-json': {},
  'huge-body': { bytes: { default: 100 * 2 ** 20, min: 0, max: 2 ** 30 } },
  '5xx': { status: { default: 503, min: 500, max: 599 }, rate: { default: 1, min: 0, max: 1 } },
  '429': { retryAfterS: { default: 1, min: 0, max: 3600 } },
  'stuck-after-half-open': { failMs: milliseconds(2000), probes: { default: 1, min: 1, max: 1000 } },
}

export const FAULT_KINDS = Object.keys(PARAMETERS) as readonly FaultKind[]

/** Fills in the defaults; throws a 400 that names what is accepted. */
export function completeFault({ kind, ...given }: { kind?: unknown; [parameter: string]: unknown }): CompleteFault {
  const known = FAULT_KINDS.find((candidate) => candidate === kind)
  if (!known) throw new Refusal(400, `no fault '${String(kind)}'; there are ${FAULT_KINDS.join(', ')}`)
  const parameters: Record<string, Parameter> = PARAMETERS[known]
  const stranger = Object.keys(given).find((name) => !Object.hasOwn(parameters, name))
  if (stranger !== undefined) {
    throw new Refusal(400, `${known} has no '${stranger}'; it takes ${Object.keys(parameters).join(', ') || 'no parameter'}`)
  }
  const values = Object.entries(parameters).map(([name, { default: byDefault, min, max }]) => {
    const value = given[name] ?? byDefault
    const fits = typeof value === 'number' && value >= min && value <= max && (name === 'rate' || Number.isInteger(value))
    if (fits) return [name, value]
    throw new Refusal(400, `${known}: ${name} is a number from ${min} to ${max}, got ${JSON.stringify(given[name])}`)
  })
  return { kind: known, ...Object.fromEntries(values) }
}

/** Reads `{ "kind": "5xx", "rate": 0.5 }`, or for hasty fingers `5xx,rate=0.5`. */
export function readFault(text: string): CompleteFault {
  if (text.trimStart().startsWith('{')) {
    try {
      return completeFault(JSON.parse(text))
    } catch (error) {
      throw error instanceof Refusal ? error : new Refusal(400, `a fault in JSON is { "kind": … }, got ${text}`)
    }
  }
  const [kind, ...given] = text.trim().split(',')
  const pairs = given.map((pair) => pair.split('=')).map(([name, value]) => [name, Number(value || NaN)])
  return completeFault({ ...Object.fromEntries(pairs), kind })
}

/** `pigeon:blackhole`, `pigeon:5xx,status=502,rate=0.5`, or for one replica `pigeon/1:blackhole`. Throws a RangeError. */
export function parseFault(text: string): { carrier: CarrierName; fault: CompleteFault; replica?: number } {
  const [, name, replica, fault] = /^([^:/]*)(?:\/([01]))?:(.*)$/s.exec(text) ?? []
  if (name === undefined || fault === undefined) {
    throw new Refusal(400, `expected carrier:fault or carrier/replica:fault such as pigeon:blackhole or pigeon/1:5xx, got '${text}'`)
  }
  return { carrier: carrierNamed(name), fault: readFault(fault), ...(replica && { replica: Number(replica) }) }
}
