import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Leg, scatterGather } from '#chapters/05-scatter-gather/scatter-gather.ts'
import type { Carrier } from '../carrier.ts'
import { Problem } from '../problems.ts'
import { CarrierError, reasonOf } from '../reasons.ts'
import { Consignment, type Offer, Quotes } from '../schemas.ts'

/** Kept back from the caller's deadline: who spends all of it on asking has none left for the answer. */
const ANSWER_MS = 25

const schema = {
  summary: 'What every carrier asks, the cheapest first',
  querystring: Consignment,
  response: { 200: Quotes },
}

interface Options {
  carriers: Carrier[]
  /** To answer in, with whatever there is by then. */
  deadlineMs: number
}

export const quotes: FastifyPluginAsyncTypebox<Options> = async (app, { carriers, deadlineMs }) => {
  app.get('/quotes', { schema, config: { urgency: 5 } }, async (request) => {
    const legs = carriers.map(
      (carrier): Leg<Offer> =>
        (signal, deadline) =>
          carrier.quote(request.query, { signal, deadline, trace: request.trace }),
    )
    const results = await scatterGather(legs, {
      signal: request.abortSignal,
      deadline: request.deadline,
      timeoutMs: deadlineMs,
      marginMs: ANSWER_MS,
    })

    const answer: Quotes = { quotes: [], missing: [] }
    const errors: unknown[] = []
    for (const [index, result] of results.entries()) {
      const carrier = carriers[index]!.name
      if (result.status === 'fulfilled') {
        answer.quotes.push({ ...result.value, carrier })
        continue
      }
      const reason = reasonOf(result.reason, request.abortSignal)
      answer.missing.push({ carrier, reason })
      errors.push(result.reason)
      // Carriers fail every day; a mistake of our own is news.
      if (reason === 'error') request.log.error({ carrier, reason, err: result.reason }, 'no quote')
      else app.tally(request.log, { carrier, reason }, 'no quote')
    }
    if (answer.quotes.length === 0) throw nobody(answer.missing, errors)
    answer.quotes.sort((a, b) => a.cents - b.cents || a.days - b.days)
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
