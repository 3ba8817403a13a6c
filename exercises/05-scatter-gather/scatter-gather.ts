import type { Operation } from '../../shared/core/operation.ts'

export interface ScatterOptions {
  signal?: AbortSignal
}

// The naive form: one after the other.
export async function scatterGather<T>(
  legs: Operation<T>[],
  { signal = new AbortController().signal }: ScatterOptions = {},
): Promise<PromiseSettledResult<T>[]> {
  const results: PromiseSettledResult<T>[] = []
  for (const leg of legs) {
    try {
      results.push({ status: 'fulfilled', value: await leg(signal) })
    } catch (reason) {
      results.push({ status: 'rejected', reason })
    }
  }
  return results
}
