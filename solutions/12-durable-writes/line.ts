import { crc32 } from 'node:zlib'

const NEWLINE = 0x0a
/** Eight digits and a space: what may be the beginning of a line. */
const HEAD = 9

/**
 * What one sync makes durable, all of it or nothing: `crc32-hex [record,…]\n`. One checksum for all of them, as the disk
 * writes a line's sectors in any order: with one each, a line of which only the end is there would look like a loss.
 *
 * @param json of each record, without newlines
 */
export function toLine(json: readonly string[]): Buffer {
  const body = `[${json.join(',')}]`
  return Buffer.from(`${checksum(body)} ${body}\n`)
}

/** The records of a line, with its newline; undefined when it is not one, whole and as it was written. */
export function fromLine(line: Uint8Array): unknown[] | undefined {
  const text = Buffer.from(line.buffer, line.byteOffset, line.byteLength)
  const body = text.subarray(HEAD, -1)
  if (text.toString('latin1', 0, HEAD) !== `${checksum(body)} `) return undefined
  try {
    const records: unknown = JSON.parse(body.toString())
    return Array.isArray(records) ? records : undefined
  } catch {
    // Not the checksum alone: of nothing, it is 0, and in somebody’s text it may be any.
    return undefined
  }
}

const checksum = (body: string | Buffer) => crc32(body).toString(16).padStart(8, '0')

/** A segment's lines, from its beginning to the first that is none. */
export interface Scanned {
  records: unknown[]
  /** Bytes of the good lines. */
  end: number
  /** After what is no line there is one: so it was one once. */
  isCorrupt: boolean
}

export function scan(bytes: Buffer): Scanned {
  const records: unknown[] = []
  let end = 0
  for (;;) {
    // Without a newline it is 0, and what is before that is no line.
    const next = bytes.indexOf(NEWLINE, end) + 1
    const line = fromLine(bytes.subarray(end, next))
    if (!line) return { records, end, isCorrupt: hasLine(bytes, end) }
    for (const record of line) records.push(record)
    end = next
  }
}

/**
 * Whether a line begins anywhere in there, and not only after a newline: where that has rotten, the next line is behind it.
 * In a JSON text there is none by chance: a space before a bracket is only in a string, and what begins in a string
 * has a quote too few.
 */
function hasLine(bytes: Buffer, from: number): boolean {
  for (let newline = bytes.indexOf(NEWLINE, from); newline >= 0; newline = bytes.indexOf(NEWLINE, newline + 1)) {
    const start = bytes.lastIndexOf(NEWLINE, newline - 1) + 1
    const text = bytes.toString('latin1', Math.max(start, from), newline)
    for (const { index } of text.matchAll(/(?=[0-9a-f]{8} \[)/g)) {
      const begin = Math.max(start, from) + index
      if (fromLine(bytes.subarray(begin, newline + 1))) return true
    }
  }
  return false
}
