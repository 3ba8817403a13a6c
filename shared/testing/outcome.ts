// The real ones, also while a test has the clock in its hand.
const { setTimeout, setImmediate } = globalThis

/** A millisecond for what has to get ready, and a few turns for what is: bytes go from one end to the other in several. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1))
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** Whatever promises have to say to each other is said before the event loop turns. */
export const promisesSettle = () => new Promise<void>((resolve) => setImmediate(resolve))

export type Outcome<T> =
  | { status: 'fulfilled'; value: T }
  | { status: 'rejected'; reason: unknown }
  | { status: 'pending' }

/**
 * How a promise stands, once it has settled or the event loop has had ample turns to settle it. Turns and not
 * milliseconds, because a busy machine makes time pass, but no turns; so "pending" is a fact and not a guess.
 */
export async function outcomeOf<T>(promise: Promise<T>, turns = 15): Promise<Outcome<T>> {
  let outcome: Outcome<T> = { status: 'pending' }
  promise.then(
    (value) => (outcome = { status: 'fulfilled', value }),
    (reason) => (outcome = { status: 'rejected', reason }),
  )
  while (turns-- > 0 && outcome.status === 'pending') await turn()
  return outcome
}

/** Lets the event loop turn until `condition` holds; false when it still does not after ample turns. */
export async function eventually(condition: () => boolean, turns = 15): Promise<boolean> {
  while (!condition() && turns-- > 0) await turn()
  return condition()
}
