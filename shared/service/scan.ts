import { isUtf8 } from 'node:buffer'
import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'

/** 1 to 100 code points, not all of them blank, and no NUL, of which PostgreSQL's text has none. */
const Word = Type.String({ pattern: '^(?=[^]*\\S)[^\\0]{1,100}$' })

/** RFC 3339, to the millisecond; seconds may be missing. */
const INSTANT = /^([1-9]\d{3})-(\d\d)-(\d\d)T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/

/** In UTC: a year more would have five digits. */
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** What a courier has seen of a parcel. The four together are its key: told twice, it is one scan. */
export const Scan = Type.Object({
  shipment: Type.String({ pattern: '^[a-z][a-z\\d]{0,31}-[^\\0]{1,64}$' }),
  at: Type.String({ pattern: INSTANT.source }),
  place: Word,
  event: Word,
})
export type Scan = Static<typeof Scan>

/** What became of a scan that was taken: it is written now, or had been before. */
export type Outcome = 'stored' | 'known'

/** Why one line is none of ours; it is the sender's to mend, and no other line's trouble. */
export class RefusedScan extends Error {}

const CHECKS = Object.entries(Scan.properties).map(([name, schema]) => [name as keyof Scan, Compile(schema)] as const)

/**
 * The scan of one line of JSON. Its instant is in UTC from here on, so that it is one scan however it is written.
 *
 * @throws RefusedScan that says what is wrong with it, in a few words
 */
export function scanOf(line: Uint8Array): Scan {
  if (!isUtf8(line)) throw new RefusedScan('is no UTF-8')
  let value: Partial<Record<keyof Scan, unknown>> | null
  try {
    value = JSON.parse(Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString())
  } catch {
    throw new RefusedScan('is no JSON')
  }
  for (const [name, check] of CHECKS)
    if (!check.Check(value?.[name]) || !(value![name] as string).isWellFormed())
      throw new RefusedScan(`${name} is not there, or not what it is to be`)
  const { shipment, at, place, event } = value as Scan
  return { shipment, at: instantOf(at), place, event }
}

function instantOf(text: string): string {
  const [, year, month, day] = INSTANT.exec(text) ?? []
  const ms = year ? Date.parse(text) : NaN
  // JavaScript takes 30 February for 2 March; a database does not.
  const isDay = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day)
  if (Number.isNaN(ms) || !isDay || ms > LAST) throw new RefusedScan('at is no instant, such as 2026-02-28T14:10:00Z')
  return new Date(ms).toISOString()
}
