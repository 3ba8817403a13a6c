/** How often a watched loop notes that it has looked. */
export const TICK_MS = 10

let watchers = 0
let timer: NodeJS.Timeout | undefined
let lookedAt = 0

/**
 * When this process last looked at its sockets, on the clock of `performance.now()`: what has come in since then is
 * still unread. Known to about 10 ms, and only while somebody watches.
 *
 * A loop that is busy, a process that was stopped, a machine that does something else: each of them is late for
 * everything. When the timer of a call fires at last, its answer may have lain there all the time.
 */
export const lastLook = (): number => lookedAt

/** @returns how to stop watching, to be called once */
export function watchLoop(): () => void {
  if (watchers++ === 0) {
    // What one begins now cannot be lying there already.
    lookedAt = performance.now()
    timer = setTimeout(tick, TICK_MS).unref()
  }
  return () => {
    if (--watchers === 0) clearTimeout(timer)
  }
}

function tick(): void {
  const now = performance.now()
  // Node does timers, then sockets, then immediates: by then, it has looked.
  setImmediate(() => (lookedAt = now))
  timer = setTimeout(tick, TICK_MS).unref()
}
