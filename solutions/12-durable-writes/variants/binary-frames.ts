/**
 * Lengths and checksums in bytes, and a search at each byte for where the next one begins.
 * Replaces: line.ts
 */
import { crc32 } from 'node:zlib'

/** Length of the body, and the checksum of that and of the body. */
const HEAD = 8

const checksum = (length: Uint8Array, body: Uint8Array) => crc32(body, crc32(length))

export function toLine(json: readonly string[]): Buffer {
  const body = Buffer.from(`[${json.join(',')}]`)
  const head = Buffer.alloc(HEAD)
  head.writeUInt32LE(body.length)
  head.writeUInt32LE(checksum(head.subarray(0, 4), body), 4)
  return Buffer.concat([head, body])
}

export function fromLine(line: Uint8Array): unknown[] | undefined {
  const frame = Buffer.from(line.buffer, line.byteOffset, line.byteLength)
  return lengthAt(frame, 0) === frame.length ? JSON.parse(frame.toString('utf8', HEAD)) : undefined
}

/** Of the frame that begins there; 0 when there is none. */
function lengthAt(bytes: Buffer, at: number): number {
  if (at + HEAD > bytes.length) return 0
  const length = bytes.readUInt32LE(at)
  if (length < 2 || at + HEAD + length > bytes.length) return 0
  const body = bytes.subarray(at + HEAD, at + HEAD + length)
  return checksum(bytes.subarray(at, at + 4), body) === bytes.readUInt32LE(at + 4) ? HEAD + length : 0
}

export interface Scanned {
  records: unknown[]
  end: number
  isCorrupt: boolean
}

export function scan(bytes: Buffer): Scanned {
  const records: unknown[] = []
  let end = 0
  for (let length = lengthAt(bytes, 0); length > 0; length = lengthAt(bytes, end)) {
    records.push(...fromLine(bytes.subarray(end, end + length))!)
    end += length
  }
  let isCorrupt = false
  for (let at = end; at < bytes.length && !isCorrupt; at++) isCorrupt = lengthAt(bytes, at) > 0
  return { records, end, isCorrupt }
}
