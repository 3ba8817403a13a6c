import { CircuitBreaker } from '#chapters/04-circuit-breaker/circuit-breaker.ts'
import { fullJitter } from '#chapters/03-retry/backoff.ts'
import { retryAfterMs } from '#chapters/03-retry/retry-after.ts'
import { retry } from '#chapters/03-retry/retry.ts'
import { isTransient } from '#chapters/03-retry/retryable.ts'
import { call, createClient } from '#chapters/01-timeouts/client.ts'
import type { Deadline } from '../core/deadline.ts'
import { ResponseError } from '../core/errors.ts'
import type { Random } from '../core/random.ts'
import { type Membership, pathOf } from './membership.ts'
import { isDue, messageOf, newsFor, type Standing, type Told } from './news.ts'

/*
 * The attendee's side of the board, of the workshop's own patterns: a retry (03) around a breaker (04) around a call with
 * a time limit (01). From solutions/, whoever's laptop it is: nobody's exercise is what tells how it went.
 */

/** Where what is to be told comes from, and what was told is kept. */
export interface Shelf {
  standings(): Standing[]
  told(): Told
  keep(told: Told): void
}

export interface TellOptions {
  /** When to give up. */
  deadline: Deadline
  /** Of `Date.now()`. */
  now?: () => number
  random?: Random
}

/** For a request and its answer, of which the board needs some milliseconds. */
const CALL_MS = 2_000
const LIMITS = { connections: 1, connectMs: 1_500, headersMs: CALL_MS, bodyMs: CALL_MS, maxBytes: 10_000 }
/** Whoever begins anew more often than that while one is speaking has other troubles. */
const MAX_BOARDS = 3

/** What answers there is no board: a hotel's login page, say. */
export class NoBoardError extends Error {}

/**
 * Tells the board what it does not have yet, and nothing when it has all, but for a word in five minutes. An attempt that fails is made again with what
 * is known by then. When the board has begun anew, all of it is told, once.
 *
 * @throws ResponseError for a refusal that time does not mend: a wrong code, a full room
 * @throws RetryError when the deadline would pass before the next attempt
 * @throws NoBoardError when something else answers there
 */
export async function tell(to: Membership, shelf: Shelf, options: TellOptions): Promise<void> {
  const { deadline, now = Date.now, random = Math.random } = options
  const client = createClient(to.origin, LIMITS)
  const breaker = new CircuitBreaker({
    name: 'the board',
    consecutiveFailures: 3,
    failureRate: Infinity,
    isFailure: isTransient,
    retryAfterMs,
    random,
  })

  async function put(signal: AbortSignal): Promise<boolean> {
    const [told, all] = [shelf.told(), shelf.standings()]
    if (!isDue(told, all, now())) return true
    const news = newsFor(told, all)
    const { status, headers, body } = await call(client, {
      method: 'PUT',
      path: pathOf(to),
      headers: { 'content-type': 'application/json' },
      body: bodyOf(to, told, news, now()),
      timeoutMs: CALL_MS,
      deadline,
      signal,
    })
    if (status === 409) {
      shelf.keep({ chapters: {} })
      return false
    }
    if (status !== 200) throw new ResponseError(`the board answered ${status}`, status, headers)
    const chapters = Object.fromEntries(news.map((standing) => [standing.chapter, JSON.stringify(standing)]))
    const before = told.board === undefined ? {} : told.chapters
    shelf.keep({ board: boardIn(body), chapters: { ...before, ...chapters }, at: new Date(now()).toISOString() })
    return true
  }

  try {
    for (let boards = 0; boards < MAX_BOARDS; boards++) {
      const isTold = await retry(() => breaker.execute(put), {
        // Twice is as good as once: what comes late, or again, says how things stand all the same.
        method: 'PUT',
        maxAttempts: Infinity,
        deadline,
        backoff: fullJitter({ baseMs: 500, capMs: 20_000 }),
        random,
      })
      if (isTold) return
    }
  } finally {
    await client.destroy()
  }
}

/** Takes the laptop off the board. @throws like `tell` */
export async function takeLeave(from: Membership, deadline: Deadline): Promise<void> {
  const client = createClient(from.origin, LIMITS)
  try {
    const remove = async () => {
      const { status, headers } = await call(client, {
        method: 'DELETE',
        path: pathOf(from),
        timeoutMs: CALL_MS,
        deadline,
      })
      if (status !== 204) throw new ResponseError(`the board answered ${status}`, status, headers)
    }
    await retry(remove, { method: 'DELETE', deadline })
  } finally {
    await client.destroy()
  }
}

/** With line breaks, so that what `--show` prints is what is sent, to the byte. */
export const bodyOf = ({ name }: Membership, told: Told, news: Standing[], now: number): string =>
  JSON.stringify(messageOf(told, news, name, now), null, 2)

function boardIn(body: string): string {
  try {
    const { board } = JSON.parse(body) as { board?: unknown }
    if (typeof board === 'string' && /^[\w-]{8,32}$/.test(board)) return board
  } catch {}
  throw new NoBoardError(`something else answers there: ${body.slice(0, 60).replaceAll(/\s+/g, ' ')}`)
}
