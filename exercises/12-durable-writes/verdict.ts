/** What a delivery says about the downstream: see `CongestionWindow.leave`. */
export type Signal = 'free' | 'congested' | 'lost' | 'none'

export interface Verdict {
  signal: Signal
  /** For how long nobody is to ask again. */
  retryAfterMs?: number
  /** It is about this one, and would be said again: no use in sending it once more. */
  refused?: true
}

/** What an error of a delivery means. */
export function verdictOf(_error: unknown): Verdict {
  // It has failed. We shall try again.
  return { signal: 'none' }
}
