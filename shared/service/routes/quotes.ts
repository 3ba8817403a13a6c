import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Leg, scatterGather } from '#chapters/05-scatter-gather/scatter-gather.ts'
import { deadlineAfter, msUntil } from '../../core/deadline.ts'
import { cacheHeaders, type Told } from '../cache-headers.ts'
import type { Carrier } from '../carrier.ts'
import type { RunExtra } from '../extras.ts'
import { priorityOf } from '../priority.ts'
import { Problem } from '../problems.ts'
import type { Price, QuoteCache } from '../quote-cache.ts'
import { CarrierError, reasonOf } from '../reasons.ts'
import { Consignment, MAX_GRAMS, Quotes } from '../schemas.ts'

/** Kept back from the caller's deadline: who spends all of it on asking has none left for the answer. */
const ANSWER_MS = 25
/** Up to a multiple of this, most tariffs have one price. */
const STEP_GRAMS = 500

const schema = {
  summary: 'What every carrier asks, the cheapest first',
  querystring: Consignment,
  response: { 200: Quotes },
}

interface Options {
  carriers: Carrier[]
  cache: QuoteCache
  runExtra: RunExtra
  /** To answer in, with whatever there is by then. */
  deadlineMs: number
  /** For an extra; where less is left, there is none. */
  extraMs: number
}

export const quotes: FastifyPluginAsyncTypebox<Options> = async (app, options) => {
  const { carriers, cache, runExtra, deadlineMs, extraMs } = options

  app.get('/quotes', { schema, config: { urgency: 5 } }, async (request, reply) => {
    const { query, abortSignal: signal, trace } = request
    const priority = priorityOf(request)
    const legs = carriers.map(
      (carrier): Leg<Price> =>
        (signal, deadline) =>
          cache.quote(carrier, query, { signal, deadline, priority, trace }),
    )
    const deadline = Math.min(request.deadline, deadlineAfter(deadlineMs))
    const results = await scatterGather(legs, {
      signal,
      deadline: request.deadline,
      timeoutMs: deadlineMs,
      marginMs: ANSWER_MS,
    })

    const answer: Quotes = { quotes: [], missing: [] }
    const told: Told[] = []
    const errors: unknown[] = []
    for (const [index, result] of results.entries()) {
      const carrier = carriers[index]!.name
      if (result.status === 'fulfilled') {
        const { value, how, ageMs } = result.value
        told.push({ carrier, ...result.value })
        answer.quotes.push({
          ...value,
          carrier,
          ...(how === 'stale' && { stale: true, ageS: Math.floor(ageMs / 1000) }),
        })
        continue
      }
      const reason = reasonOf(result.reason, signal)
      told.push({ carrier, how: 'failed', cause: result.reason })
      answer.missing.push({ carrier, reason })
      errors.push(result.reason)
      // Carriers fail every day; a mistake of our own is news.
      if (reason === 'error') request.log.error({ carrier, reason, err: result.reason }, 'no quote')
      else app.tally(request.log, { carrier, reason }, 'no quote')
    }
    if (answer.quotes.length === 0) throw nobody(answer.missing, errors)
    answer.quotes.sort((a, b) => a.cents - b.cents || a.days - b.days)
    if (cache.isOn) reply.headers(cacheHeaders(told, cache.freshMs))

    const [cheapest] = answer.quotes
    const grams = STEP_GRAMS * (Math.floor(query.grams / STEP_GRAMS) + 1)
    const extra = await runExtra(
      'room',
      async (own) => {
        if (grams > MAX_GRAMS) return undefined
        if (msUntil(deadline) < extraMs) throw new Error('There is no time left for an extra')
        const carrier = carriers.find(({ name }) => name === cheapest!.carrier)!
        const heavier = await cache.quote(carrier, { ...query, grams }, { signal: own, deadline, trace })
        return heavier.value.cents === cheapest!.cents ? grams : undefined
      },
      signal,
    )
    if (extra.status === 'given') answer.room = extra.value
    else if (extra.status !== 'off') answer.warnings = [`room: ${extra.status}`]
    return answer
  })
}

/** If one ran out of time, another try with more of it may help: 504. Otherwise nobody is there to be asked: 503. */
function nobody(missing: Quotes['missing'], errors: unknown[]): Problem {
  if (missing.some(({ reason }) => reason === 'timeout')) {
    return new Problem(504, 'No carrier answered in time', { extensions: { missing } })
  }
  const seconds = errors.map((error) => (error instanceof CarrierError ? error.retryAfterS : 1))
  const headers = { 'retry-after': Math.min(...seconds) }
  return new Problem(503, 'No carrier gave a quote', { headers, extensions: { missing } })
}
