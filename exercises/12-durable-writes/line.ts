/** What is written for these records. @param json of each record, without newlines */
export function toLine(json: readonly string[]): Buffer {
  return Buffer.from(`[${json.join(',')}]`)
}

/** The records that were written; undefined when it is no such thing. */
export function fromLine(line: Uint8Array): unknown[] | undefined {
  return JSON.parse(Buffer.from(line).toString())
}
