import fc from 'fast-check'
import { CARRIER_NAMES } from '../carriers/tariffs.ts'

// What a caller should not send, and does.

/** Texts on which programs have fallen over before. */
const nasty = fc.constantFrom(
  '', ' ', '\t', '0', '-0', '-1', '1.5', '1e3', 'NaN', 'Infinity', '1e999', '9007199254740993', '1'.repeat(400), '0x10', 'null',
  'undefined', 'true', '[]', '{}', '__proto__', 'constructor', 'toString', 'hasOwnProperty', '../..', '..', '.', '%',
  '%00', '%E0%A4%A', '%ED%A0%80', '%2e%2e%2f', "' OR 1=1 --", '<script>', '\u0000', '\u202E', '\uFEFF', 'ﷺ', '👨‍👩‍👧‍👦'.repeat(9),
  '💥'.repeat(60), '💥'.repeat(100), '\u0301'.repeat(100), 'é'.repeat(100), 'x'.repeat(101), 'x'.repeat(8000),
) // prettier-ignore

export const text = fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 120 }).map((it) => it.toWellFormed()))

/** Mostly right, so that what is wrong gets as far as it can. */
const nearly = <T>(right: fc.Arbitrary<T>, wrong: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 5, arbitrary: right }, { weight: 1, arbitrary: wrong })

const place = nearly(fc.constantFrom('Lisbon', 'Oslo', 'Zürich', '東京'), text)
const grams = nearly(fc.integer({ min: 1, max: 30_000 }).map(String), text)

const mostly = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 20 })
const rarely = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })

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
  fc.oneof(text, text.map(encode), text.map((it) => `pigeon-${encode(it)}`)),
).map(target)

const json = fc.oneof(
  { weight: 6, arbitrary: booking() },
  { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom('', 'null', '[]', '{', '"', '{"__proto__":{"a":1}}', '\uFEFF{}', '1e999') },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 8000 }).map((depth) => '['.repeat(depth)) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 4000 }).map((depth) => '{"a":'.repeat(depth / 2) + '1' + '}'.repeat(depth / 2)) },
  { weight: 1, arbitrary: fc.constantFrom(16_384, 16_385, 60_000).map((length) => JSON.stringify('x'.repeat(length - 2))) },
)

function booking(): fc.Arbitrary<string> {
  const value: fc.Arbitrary<unknown> = fc.oneof(text, fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(1e300, -1, 0.5, true, null))
  const carrier = nearly<unknown>(fc.constantFrom(...CARRIER_NAMES), value)
  const weight = nearly<unknown>(fc.integer({ min: 1, max: 30_000 }), value)
  const fields = { carrier, from: nearly<unknown>(place, value), to: nearly<unknown>(place, value), grams: weight }
  return fc.oneof({ weight: 5, arbitrary: fc.record(fields) }, fc.record(fields, { requiredKeys: [] })).map((it) => JSON.stringify(it))
}

export const body = fc.oneof(
  { weight: 9, arbitrary: json.map(utf8) },
  { weight: 1, arbitrary: json.map((it) => Buffer.from(it, 'utf16le').toString('latin1')) },
  { weight: 1, arbitrary: fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)) }) },
)

/** The right one, several times more often than none, a strange one or two of them. */
const header = (name: string, right: fc.Arbitrary<string>, weight = 9) =>
  fc
    .oneof({ weight, arbitrary: fc.tuple(right) }, { weight: 3, arbitrary: fc.array(fc.oneof(right, text), { maxLength: 2 }) })
    .map((values) => values.map((value) => `${name}: ${fieldValue(value)}`))

export const headers = fc
  .tuple(
    header('idempotency-key', fc.uuid()),
    header('content-type', fc.constantFrom('application/json', 'application/json; charset=utf-8')),
    header('deadline-ms', fc.constantFrom('60000', '30000')),
    header('accept', fc.constantFrom('*/*', 'application/json'), 1),
    header('last-event-id', fc.constantFrom('1', '2'), 1),
    rarely(fc.constantFrom('expect: 100-continue', 'expect: a miracle', 'content-encoding: gzip', 'upgrade: h2c', 'range: bytes=9-1', 'te: trailers')),
    fc.array(fc.constantFrom(`cookie: ${'c'.repeat(3000)}`), { maxLength: 6, size: '-1' }),
  )
  .map((lines) => lines.flat().filter((line) => line !== undefined))

export const method = nearly(
  fc.constantFrom('GET', 'POST'),
  fc.constantFrom('HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH', 'QUERY'),
)

/** Bytes that are not a request, or begin like one. */
export const garbage = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)), maxLength: 300 }),
  fc.constantFrom(
    '\r\n\r\n', 'GET', 'GET /', 'GET / HTTP/9.9\r\n\r\n', 'GET  /livez HTTP/1.1\r\n\r\n', 'GET /livez HTTP/1.1\r\nhost\r\n\r\n',
    'GET /livez HTTP/1.1\r\n\r\n', 'GET /livez HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'GET http://evil.example/livez HTTP/1.1\r\nhost: evil.example\r\n\r\n', 'OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n',
    'CONNECT evil.example:443 HTTP/1.1\r\nhost: a\r\n\r\n', 'POST /shipments HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n',
    'POST /shipments HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST /shipments HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`,
    `POST /shipments HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n1;${'e'.repeat(17_000)}\r\n`,
  ), // prettier-ignore
)

export const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 })

function encode(text: string): string {
  return encodeURIComponent(text)
}

function utf8(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** What may stand in a request line without ending it. */
function target(text: string): string {
  return utf8(text).replaceAll(/[\0-\x20\x7F]/g, '+')
}

/** What may stand in a header without ending it. */
function fieldValue(text: string): string {
  return utf8(text).replaceAll(/[\0-\x08\x0A-\x1F\x7F]/g, '?')
}
