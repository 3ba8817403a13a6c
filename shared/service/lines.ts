const LINE_FEED = 0x0a

/** A line is longer than it may be; `line` is its number, from 1. */
export class LineTooLongError extends Error {
  readonly line: number

  constructor(line: number, maxBytes: number) {
    super(`Line ${line} is longer than ${maxBytes} bytes`)
    this.line = line
  }
}

/**
 * The lines of a stream of bytes, without their ends. A last line without an end is one; nothing after the last end is none.
 * It keeps a line at most: what is longer than `maxBytes` is an error as soon as that is certain.
 *
 * @throws LineTooLongError
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let count = 0
  let pieces: Buffer[] = []
  let length = 0
  const add = (piece: Buffer) => {
    length += piece.length
    if (length > maxBytes) throw new LineTooLongError(count + 1, maxBytes)
    if (piece.length > 0) pieces.push(piece)
  }
  for await (const chunk of chunks) {
    let from = 0
    for (let end; (end = chunk.indexOf(LINE_FEED, from)) >= 0; from = end + 1) {
      add(chunk.subarray(from, end))
      const [only = chunk.subarray(0, 0)] = pieces
      const line = pieces.length > 1 ? Buffer.concat(pieces) : only
      pieces = []
      length = 0
      count++
      yield line
    }
    add(chunk.subarray(from))
  }
  if (length > 0) yield Buffer.concat(pieces)
}
