import { randomUUID } from 'node:crypto'

/** One span of a trace, as W3C's Trace Context has them: https://www.w3.org/TR/trace-context/. */
export interface SpanIds {
  /** 32 hex digits, lower case. */
  traceId: string
  /** 16 hex digits, lower case. */
  spanId: string
  traceFlags: number
  /** The caller's span; undefined for whoever begins the trace. */
  parentId?: string
}

/** Section 3.2.2. A later version may add fields, each after a dash; version `ff` is forbidden. */
const GRAMMAR = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/
/** The flags that we know; others we do not send on (section 3.2.2.5). */
const SAMPLED = 1
/** Level 2's: the trace's last seven bytes are left to chance, which they are in a UUID. */
const RANDOM = 2

/** A span of the trace that a caller's `traceparent` tells of, or of a new one if it tells of none. */
export function idsFrom(traceparent: string | string[] | undefined): SpanIds {
  const [, version, traceId, parentId, flags, more] =
    (typeof traceparent === 'string' && GRAMMAR.exec(traceparent)) || []
  if (!traceId || !parentId || (version === '00' && more)) {
    // Not sampled: that is for somebody who records spans to decide.
    return { traceId: randomUUID().replaceAll('-', ''), spanId: newSpanId(), traceFlags: RANDOM }
  }
  return { traceId, spanId: newSpanId(), parentId, traceFlags: parseInt(flags!, 16) & (SAMPLED | RANDOM) }
}

/** From a UUID, of which Node keeps a stock: to ask for 8 random bytes each time costs twenty times as much. */
function newSpanId(): string {
  const uuid = randomUUID()
  return uuid.slice(-12) + uuid.slice(0, 4)
}

export const traceparentOf = ({ traceId, spanId, traceFlags }: SpanIds): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`

/** Other systems' notes on the trace, passed on as they came; undefined if they are too long to have to be (section 3.3.1.5). */
export const tracestateFrom = (tracestate: string | string[] | undefined): string | undefined => {
  const text = String(tracestate ?? '')
  return /^[\x20-\x7e]{1,512}$/.test(text) ? text : undefined
}
