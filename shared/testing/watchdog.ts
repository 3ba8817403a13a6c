import { Worker } from 'node:worker_threads'

// A loop that never awaits blocks its process, Vitest's time limit with it, and `npm test` would sit there for ever.
// Whoever guards against that must be another thread: one for all suites that a process runs.

export interface Watched {
  /** When patience ends, by Date.now(); one float. */
  until: Float64Array
  /** What is going on, in UTF-8, padded with zeros. */
  what: Uint8Array
}

const watched: Watched = {
  until: new Float64Array(new SharedArrayBuffer(8)),
  what: new Uint8Array(new SharedArrayBuffer(512)),
}
// The real clock, also while a test holds it in its hand.
const { now } = Date

/** Ends this process, with a word to say why, unless the next call of this comes within `limitMs`. */
export function watch(what: string, limitMs: number): void {
  watched.what.fill(0)
  new TextEncoder().encodeInto(what, watched.what)
  watched.until[0] = now() + limitMs
}

watched.until[0] = Infinity
new Worker(new URL('./watchdog-thread.mjs', import.meta.url), { workerData: watched, execArgv: [] }).unref()
