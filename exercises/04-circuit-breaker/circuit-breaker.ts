import type { Operation } from '../../shared/core/operation.ts'

export type BreakerState = { status: 'closed' } | { status: 'open' } | { status: 'half-open' }

// The naive form: no breaker. The next call may well succeed.
export class CircuitBreaker {
  get state(): BreakerState {
    return { status: 'closed' }
  }

  execute<T>(operation: Operation<T>, signal: AbortSignal = new AbortController().signal): Promise<T> {
    return operation(signal)
  }
}
