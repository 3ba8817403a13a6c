import type { Dispatcher } from 'undici'
import type { Answer } from '../stage/raw.ts'
import type { Route } from './answers.ts'

export interface Question {
  route: Route
  /** For a client that has no server of its own. */
  origin?: string
  path: string
  headers?: Record<string, string>
  body?: string
}

export const PARCEL = { from: 'Lisbon', to: 'Oslo', grams: 1200 }

/** A good request of each route. */
export const quotes: Question = { route: 'GET /quotes', path: `/quotes?from=Lisbon&to=Oslo&grams=1200` }
export const probe = (path: 'livez' | 'readyz' | 'metrics'): Question => ({ route: `GET /${path}`, path: `/${path}` })
export const shipment = (id: string): Question => ({ route: 'GET /shipments/:id', path: `/shipments/${id}` })
export const events = (id: string): Question => ({
  route: 'GET /shipments/:id/events',
  path: `/shipments/${id}/events`,
})
export const booking = (key: string, carrier: string): Question => ({
  route: 'POST /shipments',
  path: '/shipments',
  headers: { 'content-type': 'application/json', 'idempotency-key': key },
  body: JSON.stringify({ carrier, ...PARCEL }),
})

/** The n-th scan of a shipment, as a line without its end. */
export const scanLine = (shipment: string, n: number): string => {
  const at = new Date(Date.UTC(2026, 1, 28) + n * 1000).toISOString()
  return JSON.stringify({ shipment, at, place: 'Lisbon', event: 'in transit' })
}

/** An upload: so many scans of one shipment. */
export const scans = (shipment: string, lines: number): Question => ({
  route: 'POST /scans',
  path: '/scans',
  headers: { 'content-type': 'application/x-ndjson' },
  body: Array.from({ length: lines }, (_, n) => `${scanLine(shipment, n)}\n`).join(''),
})

/** For how long a caller listens to a stream that begins well: for one event, or the beginning of anything else. */
const ENOUGH = 2

/**
 * Asks, and waits for the whole answer; of a stream for its first two pieces, or as many as there are before it breaks.
 *
 * @throws Error when there is no whole answer after `patienceMs`; and undici's errors
 */
export async function ask(client: Dispatcher, question: Question, patienceMs: number): Promise<Answer> {
  const hangUp = new AbortController()
  // Not AbortSignal.timeout, which no test can speed up.
  const timer = setTimeout(() => hangUp.abort(new Error(`no answer within ${patienceMs} ms`)), patienceMs)
  try {
    const { route, ...request } = question
    const method = route.startsWith('POST') ? 'POST' : 'GET'
    const { statusCode, headers, body } = await client.request({ ...request, method, signal: hangUp.signal })
    const isStream = String(headers['content-type']).startsWith('text/event-stream')
    return { status: statusCode, headers, body: isStream ? await beginning(body) : await body.text() }
  } finally {
    clearTimeout(timer)
  }
}

async function beginning(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  let pieces = 0
  try {
    for await (const piece of stream) {
      text += piece
      if (++pieces === ENOUGH || text.includes('\n\n')) break
    }
  } catch {
    // Half of a stream cannot be taken back, so it breaks: that is the honest end.
  }
  return text
}
