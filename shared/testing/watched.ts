import { afterEach, beforeEach } from 'vitest'
import { watch } from './watchdog.ts'

// Set up for every suite: whatever does not come to an end is ended by the watchdog.

/** Milliseconds beyond a test's own limit. */
const GRACE_MS = 10_000
/** For what happens between tests: loading the files, above all. */
const BETWEEN_MS = 60_000

const betweenTests = () => watch('What goes on between the tests', BETWEEN_MS)

betweenTests()

// Registered first, so that it begins before and ends after all that belongs to a test.
beforeEach(({ task }) => watch(`The test "${task.name}"`, task.timeout + GRACE_MS))
afterEach(betweenTests)
