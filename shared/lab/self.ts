import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import type { SelfState } from './state.ts'

let majorGcs = 0

new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries() as (PerformanceEntry & { detail: { kind: number } })[])
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) majorGcs++
}).observe({ entryTypes: ['gc'] })

/** What this process makes of the machine: in a heap too small for it, it would do nothing but collect garbage. */
export const selfState = (): SelfState => ({ majorGcs, heapMb: Math.round(process.memoryUsage().heapUsed / 1e6) })
