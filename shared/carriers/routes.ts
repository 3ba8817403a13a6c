import type { IncomingMessage } from 'node:http'
import type { Bookings } from './bookings.ts'
import { type Answer, json, Refusal } from './http.ts'
import { describe, events } from './shipments.ts'
import { parcelFrom, quote } from './tariffs.ts'

const ROUTES = 'GET /quotes, POST /bookings, GET /shipments/:id, GET /shipments/:id/events'

/** What a healthy carrier says to a request. Throws refusals. */
export function route(request: IncomingMessage, body: string, bookings: Bookings, heartbeatMs: number): Answer {
  const { method, url = '/', headers } = request
  const { pathname, searchParams } = URL.parse(url, 'http://carrier') ?? new URL('http://carrier')
  const [, shipment, stream] = /^\/shipments\/([^/]+)(\/events)?$/.exec(pathname) ?? []

  if (method === 'GET' && pathname === '/quotes') {
    const { from, to, grams } = Object.fromEntries(searchParams)
    return json(200, quote(bookings.carrier, parcelFrom({ from, to, grams: Number(grams) })))
  }
  if (method === 'POST' && pathname === '/bookings') {
    const key = headers['idempotency-key']
    const { booking, isNew } = bookings.book(parcelFrom(parseObject(body)), key?.toString())
    return json(isNew ? 201 : 200, booking, { location: `/shipments/${booking.id}` })
  }
  if (method === 'GET' && shipment && stream) {
    const { past, future } = events(bookings.find(shipment), heartbeatMs)
    const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }
    return { status: 200, headers, body: past, tail: future }
  }
  if (method === 'GET' && shipment) return json(200, describe(bookings.find(shipment)))
  throw new Refusal(404, `no ${method} ${pathname}; try ${ROUTES}`)
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return { ...value }
  } catch {
    // Not JSON, or cut off for its length: the same advice.
  }
  throw new Refusal(400, 'expected a JSON object { from, to, grams } of at most 10,000 bytes')
}
