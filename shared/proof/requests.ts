import * as fc from 'fast-check'
import { cuts, method } from '../stage/odd.ts'
import type { Request } from '../stage/raw.ts'
import { headers, id, query } from './odd.ts'
import { body, garbage } from './odd-bytes.ts'

const lie = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(0, undefined) }, fc.constantFrom(-3, 7))
const request = (path: fc.Arbitrary<string>, method: fc.Arbitrary<string>, body: fc.Arbitrary<string>) =>
  fc.record({ method, path, headers, body, lie, cuts })
const none = fc.constant('')

export const GOOD = 'GET /quotes?from=Lisbon&to=Oslo&grams=1200 HTTP/1.1\r\nhost: parcel\r\n\r\n'

/** A name for each kind of bad input, and what it looks like. */
export const INPUTS: Record<string, fc.Arbitrary<Request | string>> = {
  'queries of GET /quotes': request(
    query.map((it) => `/quotes?${it}`),
    fc.constant('GET'),
    none,
  ),
  'bodies of POST /shipments': request(fc.constant('/shipments'), fc.constant('POST'), body),
  'ids of GET /shipments/:id': request(
    id.map((it) => `/shipments/${it}`),
    fc.constant('GET'),
    none,
  ),
  'ids of GET /shipments/:id/events': request(
    id.map((it) => `/shipments/${it}/events`),
    fc.constant('GET'),
    none,
  ),
  'methods, paths and the probes': request(
    fc.oneof(
      fc.constantFrom('/quotes', '/shipments', '/livez', '/readyz', '/metrics', '/', '*', '//'),
      id.map((it) => `/${it}`),
    ),
    method,
    body,
  ),
  'garbage in place of a request': garbage,
  'garbage behind a request': garbage.map((it) => GOOD + it),
  'garbage behind a stream': garbage.map(
    (it) => `GET /shipments/pigeon-1/events HTTP/1.1\r\nhost: parcel\r\n\r\n${it}`,
  ),
}
