/** For all that waits when the service ends, side by side: a thousand calls to what is dead would hold it until it is killed. */
const DRAIN_MS = 2000

/** Has what still has something to write stop after two seconds; resolves with what it makes of that. */
export async function drainInTime<T>(drain: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(new Error('Shutdown: there was no time left')), DRAIN_MS)
  try {
    return await drain(stop.signal)
  } finally {
    clearTimeout(timer)
  }
}
