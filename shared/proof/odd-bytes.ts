import * as fc from 'fast-check'
import { CARRIER_NAMES } from '../carriers/tariffs.ts'
import { nearly, text, utf8 } from '../stage/odd.ts'
import { place } from './odd.ts'

const bytes = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
  maxLength: 300,
})

const value: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(1e300, -1, 0.5, true, null),
)
const fields = {
  carrier: nearly<unknown>(fc.constantFrom(...CARRIER_NAMES), value),
  from: nearly<unknown>(place, value),
  to: nearly<unknown>(place, value),
  grams: nearly<unknown>(fc.integer({ min: 1, max: 30_000 }), value),
}
const booking = fc.oneof(
  { weight: 5, arbitrary: fc.record(fields) },
  { weight: 1, arbitrary: fc.record(fields, { requiredKeys: [] }) },
)
const deep = (open: string, close: string) =>
  fc.integer({ min: 1, max: 2000 }).map((depth) => `${open.repeat(depth)}1${close.repeat(depth)}`)
const long = fc.constantFrom(16_384, 16_385, 60_000).map((length) => JSON.stringify('x'.repeat(length - 2)))
const noBooking = fc.constantFrom('', 'null', '[]', '{', '"', '{"__proto__":{"a":1}}', '\uFEFF{}', '1e999')

const json = fc.oneof(
  { weight: 8, arbitrary: booking.map((it) => JSON.stringify(it)) },
  { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
  { weight: 1, arbitrary: noBooking },
  { weight: 1, arbitrary: deep('[', '') },
  { weight: 1, arbitrary: deep('{"a":', '}') },
  { weight: 1, arbitrary: long },
)

/** Bodies of a POST: JSON that is nearly right, or is not, deep, long, of another encoding, or no JSON at all. */
export const body = fc.oneof(
  { weight: 9, arbitrary: json.map(utf8) },
  { weight: 1, arbitrary: json.map((it) => Buffer.from(it, 'utf16le').toString('latin1')) },
  { weight: 1, arbitrary: bytes },
)

const broken = [
  '\r\n\r\n',
  'GET',
  'GET /',
  'GET / HTTP/9.9\r\n\r\n',
  'GET  /livez HTTP/1.1\r\n\r\n',
  'GET /livez HTTP/1.1\r\nhost\r\n\r\n',
  'GET /livez HTTP/1.1\r\n\r\n',
  'GET /livez HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'GET http://evil.example/livez HTTP/1.1\r\nhost: evil.example\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n',
  'CONNECT evil.example:443 HTTP/1.1\r\nhost: a\r\n\r\n',
  `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`,
]
const post = 'POST /shipments HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n'
const brokenPosts = [
  'content-length: -1\r\n\r\n',
  'content-length: 5\r\ncontent-length: 6\r\n\r\n{}',
  // A proxy that believes the one, and a server that believes the other, disagree where the next request begins.
  'content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  'transfer-encoding: chunked\r\n\r\nzz\r\n',
  `transfer-encoding: chunked\r\n\r\n1;${'e'.repeat(17_000)}\r\n`,
].map((rest) => post + rest)

/** Bytes that are no request, or only begin like one. */
export const garbage = fc.oneof(bytes, fc.constantFrom(...broken, ...brokenPosts))
