import { Refusal } from './http.ts'
import { carrierNamed, type CarrierName } from './tariffs.ts'

/** What a carrier can be told to do wrong, and how; `PARAMETERS` below has defaults and bounds. */
export interface Faults {
  /** Nobody listens: open connections are cut, new ones get ECONNREFUSED. */
  refused: {}
  /** Accepts the request and never answers it, not even after the fault is over. No work is done. */
  blackhole: {}
  /** Silent for `delayMs`, then as if nothing had been. */
  'slow-headers': { delayMs: number }
  /** Headers at once, then a byte of the body every `everyMs`, each of which restarts a client's body timer. */
  'dripping-body': { everyMs: number }
  /** The work is done, but the connection ends halfway through the body. */
  'truncated-body': {}
  /** The work is done, but `afterMs` after the first half of the body comes a TCP reset instead of the second. */
  reset: { afterMs: number }
  /** Status, length and content type are right; the JSON ends halfway. */
  'malformed-json': {}
  /** The right answer behind `bytes` bytes of white space: valid JSON, of a length that no header announces. */
  'huge-body': { bytes: number }
  /** `status` at once, without the work, for a share `rate` of the requests. */
  '5xx': { status: number; rate: number }
  /** 429 at once, without the work, with a Retry-After of `retryAfterS` seconds (RFC 9110, section 10.2.3). */
  '429': { retryAfterS: number }
  /**
   * The carrier comes back just well enough to ruin a breaker's probe. Each replica, from the moment the fault is set:
   * for `failMs` it answers 503 at once, which opens the breaker; it then accepts the next `probes` requests and never
   * answers them; after those it is healthy. Only a breaker that takes the slot of a lost probe back finds out.
   */
  'stuck-after-half-open': { failMs: number; probes: number }
}

export type FaultKind = keyof Faults

/** A union discriminated by `kind`, which is all that is needed. */
export type Fault = { [K in FaultKind]: { kind: K } & Partial<Faults[K]> }[FaultKind]

/** A fault with all of its parameters. */
export type CompleteFault<K extends FaultKind = FaultKind> = { [P in K]: { kind: P } & Faults[P] }[K]

interface Parameter {
  default: number
  min: number
  max: number
}

const milliseconds = (byDefault: number): Parameter => ({ default: byDefault, min: 0, max: 3_600_000 })

const PARAMETERS: { [K in FaultKind]: Record<keyof Faults[K], Parameter> } = {
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
    const accepted = Object.keys(parameters).join(', ') || 'no parameter'
    throw new Refusal(400, `${known} has no '${stranger}'; it takes ${accepted}`)
  }
  const values = Object.entries(parameters).map(([name, { default: byDefault, min, max }]) => {
    const value = given[name] ?? byDefault
    const isNumber = typeof value === 'number' && (Number.isInteger(value) || name === 'rate')
    if (isNumber && value >= min && value <= max) return [name, value]
    const what = name === 'rate' ? 'a number' : 'a whole number'
    throw new Refusal(400, `${known}: ${name} is ${what} from ${min} to ${max}, got ${String(value)}`)
  })
  return Object.fromEntries([['kind', known], ...values])
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

/** Reads `pigeon:blackhole`, `pigeon:5xx,rate=0.5`, or for one replica `pigeon/1:blackhole`. Throws a RangeError. */
export function parseFault(text: string): { carrier: CarrierName; fault: CompleteFault; replica?: number } {
  const [, name, replica, fault] = /^([^:/]*)(?:\/([01]))?:(.*)$/s.exec(text) ?? []
  if (name === undefined || fault === undefined) {
    throw new Refusal(400, `expected carrier:fault such as pigeon:blackhole or pigeon/1:5xx, got '${text}'`)
  }
  return { carrier: carrierNamed(name), fault: readFault(fault), ...(replica && { replica: Number(replica) }) }
}
