import * as fc from 'fast-check'

// What a caller should not send, and does.

/** Texts on which programs have fallen over before. */
const nasty = fc.constantFrom(
  '', ' ', '\t', '0', '-0', '-1', '1.5', '1e3', 'NaN', 'Infinity', '1e999', '9007199254740993', '1'.repeat(400), '0x10', 'null',
  'undefined', 'true', '[]', '{}', '__proto__', 'constructor', 'toString', 'hasOwnProperty', '../..', '..', '.', '%',
  '%00', '%E0%A4%A', '%ED%A0%80', '%2e%2e%2f', "' OR 1=1 --", '<script>', '\u0000', '\u202E', '\uFEFF', 'ﷺ', '👨‍👩‍👧‍👦'.repeat(9),
  '💥'.repeat(60), '💥'.repeat(100), '\u0301'.repeat(100), 'é'.repeat(100), 'x'.repeat(101), 'x'.repeat(8000),
) // prettier-ignore

export const text = fc.oneof(
  nasty,
  fc.string({ unit: 'binary', maxLength: 120 }).map((it) => it.toWellFormed()),
)

/** Mostly right, so that what is wrong gets as far as it can. */
export const nearly = <T>(right: fc.Arbitrary<T>, wrong: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 5, arbitrary: right }, { weight: 1, arbitrary: wrong })

export const place = nearly(fc.constantFrom('Lisbon', 'Oslo', 'Zürich', '東京'), text)
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
  fc.oneof(
    text,
    text.map(encode),
    text.map((it) => `pigeon-${encode(it)}`),
  ),
).map(target)

/** The right one, several times more often than none, a strange one or two of them. */
const header = (name: string, right: fc.Arbitrary<string>, weight = 9) =>
  fc
    .oneof(
      { weight, arbitrary: fc.tuple(right) },
      { weight: 3, arbitrary: fc.array(fc.oneof(right, text), { maxLength: 2 }) },
    )
    .map((values) => values.map((value) => `${name}: ${fieldValue(value)}`))

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

export const method = nearly(
  fc.constantFrom('GET', 'POST'),
  fc.constantFrom('HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH', 'QUERY'),
)

export const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 })

function encode(text: string): string {
  return encodeURIComponent(text)
}

export function utf8(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** What may stand in a request line without ending it. */
function target(text: string): string {
  return utf8(text).replaceAll(/[\p{Cc} ]/gu, (it) => (it < '\x80' ? '+' : it))
}

/** What may stand in a header without ending it. */
function fieldValue(text: string): string {
  return utf8(text).replaceAll(/\p{Cc}/gu, (it) => (it === '\t' || it >= '\x80' ? it : '?'))
}
