import type { LiveLatency } from '#chapters/06-hedged-requests/latency.ts'

/** What one call teaches about the latency of its kind. */
export interface Evidence extends Pick<LiveLatency, 'delayMs' | 'record' | 'recordCensored'> {
  /** Most of its time was spent in our own house: from now on, it teaches nothing. */
  spoil(): void
}

export function evidenceFor(latency: LiveLatency): Evidence {
  let isSpoilt = false
  return {
    delayMs: () => latency.delayMs(),
    record: (ms) => isSpoilt || latency.record(ms),
    recordCensored: (ms) => isSpoilt || latency.recordCensored(ms),
    spoil: () => (isSpoilt = true),
  }
}
