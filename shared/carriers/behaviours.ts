import { once } from 'node:events'
import type { Random } from '../core/random.ts'
import { sleep } from '../core/sleep.ts'
import type { CompleteFault, FaultKind } from './faults.ts'
import { type Answer, json, type Send, send, sendHead, sendTail } from './http.ts'

/** How a replica departs from a healthy one. */
export interface Behaviour {
  /** Nobody is at home. */
  refuses?: true
  /** Comes before the work; what it answers is sent in place of the work's answer. */
  before?: (signal: AbortSignal) => Promise<Answer | void>
  send?: Send
}

/** Lasts until the caller has gone. */
async function never(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort')
  throw signal.reason
}

const failure = (status: number, headers?: Record<string, string>): Answer =>
  json(status, { error: 'the carrier is out of order' }, headers)

/** The first half of the body, with headers that promise all of it. Resolves once it has left the process. */
const sendHalf: (...to: Parameters<Send>) => Promise<void> = (response, answer) => {
  sendHead(response, answer)
  return new Promise((resolve) => response.write(half(answer.body), () => resolve()))
}

const half = (body: string): string => body.slice(0, body.length / 2)

const BLANK = Buffer.alloc(64 * 1024, '\n')

const BEHAVIOURS: { [K in FaultKind]: (fault: CompleteFault<K>, random: Random) => Behaviour } = {
  refused: () => ({ refuses: true }),

  blackhole: () => ({ before: never }),

  'slow-headers': ({ delayMs }) => ({ before: (signal) => sleep(delayMs, signal) }),

  'dripping-body': ({ everyMs }) => ({
    async send(response, answer, signal) {
      sendHead(response, answer)
      response.flushHeaders()
      for (const byte of Buffer.from(answer.body)) {
        await sleep(everyMs, signal)
        response.write(Buffer.of(byte))
      }
      await sendTail(response, answer, signal)
    },
  }),

  'truncated-body': () => ({
    async send(response, answer, signal) {
      await sendHalf(response, answer, signal)
      response.socket?.destroySoon()
    },
  }),

  reset: ({ afterMs }) => ({
    async send(response, answer, signal) {
      await sendHalf(response, answer, signal)
      // Some systems throw away what the client has not read yet when the reset arrives.
      await sleep(afterMs, signal)
      response.socket?.resetAndDestroy()
    },
  }),

  'malformed-json': () => ({
    send: (response, answer, signal) => send(response, { ...answer, body: half(answer.body) }, signal),
  }),

  'huge-body': ({ bytes }) => ({
    async send(response, answer, signal) {
      sendHead(response, answer, 'unknown')
      for (let left = bytes; left > 0; left -= BLANK.length) {
        if (!response.write(BLANK.subarray(0, left))) await once(response, 'drain', { signal })
      }
      response.write(answer.body)
      await sendTail(response, answer, signal)
    },
  }),

  '5xx': ({ status, rate }, random) => ({
    before: async () => (random() < rate ? failure(status) : undefined),
  }),

  '429': ({ retryAfterS }) => ({
    before: async () => failure(429, { 'retry-after': String(retryAfterS) }),
  }),

  'stuck-after-half-open': ({ failMs, probes }) => {
    const failsUntil = performance.now() + failMs
    let stuck = 0
    return {
      async before(signal) {
        if (performance.now() < failsUntil) return failure(503)
        if (stuck++ < probes) return never(signal)
      },
    }
  },
}

export function behaviourOf<K extends FaultKind>(fault: CompleteFault<K> | null, random: Random): Behaviour {
  return fault ? BEHAVIOURS[fault.kind](fault, random) : {}
}
