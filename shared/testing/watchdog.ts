import { afterEach, beforeEach } from 'vitest'
import { Worker } from 'node:worker_threads'

// Set up for every suite: a loop that never awaits blocks its process, Vitest's time limit with it, and `npm test` would
// sit there for ever. Whoever guards against that must be another thread.

/** Milliseconds beyond a test's own limit. */
const GRACE_MS = 10_000
/** For what happens between tests: loading the files, above all. */
const BETWEEN_MS = 60_000

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

function watch(what: string, limitMs: number): void {
  watched.what.fill(0)
  new TextEncoder().encodeInto(what, watched.what)
  watched.until[0] = now() + limitMs
}

const betweenTests = () => watch('What goes on between the tests', BETWEEN_MS)

betweenTests()
new Worker(new URL('./watchdog-thread.ts', import.meta.url), { workerData: watched, execArgv: [] }).unref()

// Registered first, so that it begins before and ends after all that belongs to a test.
beforeEach(({ task }) => watch(`The test "${task.name}"`, task.timeout + GRACE_MS))
afterEach(betweenTests)
