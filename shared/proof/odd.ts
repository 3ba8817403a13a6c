import * as fc from 'fast-check'
import { encode, header, mostly, nearly, rarely, target, text } from '../stage/odd.ts'

// What a caller of Parcel should not send, and does.

export const place = nearly(fc.constantFrom('Lisbon', 'Oslo', 'Zürich', '東京'), text)
const grams = nearly(fc.integer({ min: 1, max: 30_000 }).map(String), text)

/** A query: names and values, missing, doubled, strange; percent-encoded, or not even that. */
export const query = fc
  .tuple(
    mostly(place.map((it) => ['from', it])),
    mostly(place.map((it) => ['to', it])),
    mostly(grams.map((it) => ['grams', it])),
    fc.array(fc.tuple(fc.oneof(fc.constantFrom('from', 'grams', 'from[]', 'grams.x'), text), text), { maxLength: 1 }),
    fc.boolean(),
  )
  .map(([from, to, grams, more, isRaw]) =>
    [from, to, grams, ...more]
      .filter((pair) => pair !== undefined)
      .map(([name = '', value = '']) => (isRaw ? `${name}=${value}` : `${encode(name)}=${encode(value)}`))
      .join('&'),
  )
  .map(target)

export const id = nearly(
  fc.constantFrom('pigeon-1', 'pigeon-4711', 'swift-1', 'pigeon-..', 'pigeon-.'),
  fc.oneof(
    text,
    text.map(encode),
    text.map((it) => `pigeon-${encode(it)}`),
  ),
).map(target)

export const headers = fc
  .tuple(
    header('idempotency-key', fc.uuid()),
    header('content-type', fc.constantFrom('application/json', 'application/json; charset=utf-8')),
    header('deadline-ms', fc.constantFrom('60000', '30000')),
    header('accept', fc.constantFrom('*/*', 'application/json'), 1),
    header('last-event-id', fc.constantFrom('1', '2'), 1),
    header('x-api-key', fc.constant('sk-web'), 1),
    header(
      'x-forwarded-for',
      fc.constantFrom('192.0.2.1', '::ffff:192.0.2.1, 2001:db8::1%eth0', '[2001:db8::1]:443'),
      1,
    ),
    rarely(
      fc.constantFrom(
        'expect: 100-continue',
        'expect: a miracle',
        'content-encoding: gzip',
        'upgrade: h2c',
        'range: bytes=9-1',
        'te: trailers',
      ),
    ),
    fc.array(fc.constantFrom(`cookie: ${'c'.repeat(3000)}`), { maxLength: 6, size: '-1' }),
  )
  .map((lines) => lines.flat().filter((line) => line !== undefined))
