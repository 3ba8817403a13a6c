import '../../shared/core/fastify.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { OverloadError } from '../../shared/core/errors.ts'
import { checkOptions, finiteMs, type Rule } from '../../shared/core/options.ts'
import type { Random } from '../../shared/core/random.ts'
import { refuse } from '../../shared/core/refuse.ts'
import type { Door, Pass } from './door.ts'
import { urgencyOf } from './urgency.ts'

export interface ShedOptions {
  door: Pick<Door, 'enter'>
  /** How late the event loop is; without it, nobody is refused for that. */
  loop?: { readonly ms: number }
  /** Lateness from which on some are refused, and from which on all; milliseconds. Default: 20 and 100. */
  lateMs?: { from: number; to: number }
  /** For `Retry-After`, in whole seconds, both included. Default: 1 and 3. */
  retryAfterS?: { from: number; to: number }
  /** Default: Math.random. */
  random?: Random
  /** For a metric, and a line in the log now and then. */
  onRefused?: (error: OverloadError, request: FastifyRequest) => void
}

/** Urgencies up to here are not refused by chance. */
const URGENT = 2
const seconds: Rule = [(value) => Number.isSafeInteger(value) && value >= 0, 'whole seconds, 0 or more']

/**
 * Has each request of `app` pass through the door, with the urgency of its route's `config.urgency` (0 to 7, by default 3;
 * `null` for what is never refused, such as a probe) or the lesser one that it asks for itself. Who is refused gets a 503
 * with `Retry-After`, before their body is read. Hooks run in the order in which they were added: what comes before this
 * one is done for everybody.
 *
 * @throws RangeError for an option out of its bounds
 */
export function shedLoad(
  app: FastifyInstance,
  {
    door,
    loop,
    lateMs = { from: 20, to: 100 },
    retryAfterS = { from: 1, to: 3 },
    random = Math.random,
    onRefused,
  }: ShedOptions,
): void {
  const above = (from: number): Rule => [(value) => value >= from, `at least ${from}`]
  checkOptions(lateMs, { from: finiteMs, to: finiteMs })
  checkOptions(retryAfterS, { from: seconds, to: seconds })
  checkOptions(lateMs, { to: above(lateMs.from) })
  checkOptions(retryAfterS, { to: above(retryAfterS.from) })
  const passes = new WeakMap<FastifyRequest, Pass>()

  const isBusy = (urgency: number): boolean => {
    if (!loop || urgency <= URGENT) return false
    const share = (loop.ms - lateMs.from) / (lateMs.to - lateMs.from)
    return share > 0 && random() < share ** 2
  }

  app.addHook('onRequest', async (request, reply) => {
    const { urgency: own = 3 } = request.routeOptions.config
    if (own === null) return
    // Gone while a hook before this one was slow: its `close` has been, and nobody would give the place back.
    if (reply.raw.closed) return reply.hijack()
    const urgency = urgencyOf(request.headers.priority, own)
    const gone = new AbortController()
    const { signal } = gone
    let isWaiting = true
    // It always comes, once, whatever becomes of the request; `onResponse` does not when the client hangs up.
    reply.raw.once('close', () => {
      // For all others it would be an abort that nobody hears, at the price of some refusals.
      if (isWaiting) gone.abort()
      passes.get(request)?.leave()
    })
    try {
      if (isBusy(urgency)) throw new OverloadError('busy', 0)
      const pass = await door.enter({ urgency, deadline: request.deadline, signal })
      passes.set(request, pass)
      if (!signal.aborted) return
      pass.leave()
    } catch (error) {
      if (!signal.aborted) {
        if (!(error instanceof OverloadError)) throw error
        onRefused?.(error, request)
        return refuse(reply, retryAfterS, random)
      }
    } finally {
      isWaiting = false
    }
    return reply.hijack()
  })

  // A stream may last for days: what it takes to serve one is over when it begins.
  app.addHook('onSend', (request, _reply, payload, done) => {
    if (isStream(payload)) passes.get(request)?.leave()
    done()
  })
}

const isStream = (payload: unknown): boolean =>
  typeof payload === 'object' && payload !== null && !ArrayBuffer.isView(payload)
