import * as fc from 'fast-check'

// What a caller should not send, and does, whatever it talks to.

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

export const mostly = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 20 })
export const rarely = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })

/** The right one, several times more often than none, a strange one or two of them. */
export const header = (name: string, right: fc.Arbitrary<string>, weight = 9) =>
  fc
    .oneof(
      { weight, arbitrary: fc.tuple(right) },
      { weight: 3, arbitrary: fc.array(fc.oneof(right, text), { maxLength: 2 }) },
    )
    .map((values) => values.map((value) => `${name}: ${fieldValue(value)}`))

export const method = nearly(
  fc.constantFrom('GET', 'POST'),
  fc.constantFrom('HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH', 'QUERY'),
)

export const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 })

export function encode(text: string): string {
  return encodeURIComponent(text)
}

export function utf8(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** What may stand in a request line without ending it. */
export function target(text: string): string {
  return utf8(text).replaceAll(/[\p{Cc} ]/gu, (it) => (it < '\x80' ? '+' : it))
}

/** What may stand in a header without ending it. */
export function fieldValue(text: string): string {
  return utf8(text).replaceAll(/\p{Cc}/gu, (it) => (it === '\t' || it >= '\x80' ? it : '?'))
}
