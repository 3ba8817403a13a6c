/** A comment, which whoever reads server-sent events ignores, and no blank line, which would end an event. */
const BEAT = ':\n'
const LINE_FEED = 0x0a

/**
 * A stream of server-sent events as it is, and a beat whenever it has been silent for `everyMs`: what lies in between cuts
 * a connection on which nothing happens, and a client that is gone without a word is noticed only by writing to it.
 */
export async function* withHeartbeats(source: AsyncIterable<Buffer>, everyMs: number): AsyncGenerator<Buffer | string> {
  const chunks = source[Symbol.asyncIterator]()
  // In the middle of a line, which a chunk may end in, a beat would be part of it.
  let betweenLines = true
  try {
    for (;;) {
      const next = chunks.next()
      let isThere = false
      let wake = () => {}
      const settle = () => {
        isThere = true
        wake()
      }
      next.then(settle, settle)
      // Not a race with `next`, which would remember each beat for as long as the silence lasts: days.
      while (betweenLines && !isThere) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, everyMs)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
        if (!isThere) yield BEAT
      }
      const { done, value } = await next
      if (done) return
      betweenLines = value.at(-1) === LINE_FEED
      yield value
    }
  } finally {
    await chunks.return?.()
  }
}
