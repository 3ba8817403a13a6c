export interface HedgeOptions {
  signal?: AbortSignal
}

// The naive form: one request, and patience.
export function hedge<T>(
  attempt: (signal: AbortSignal, attempt: number) => Promise<T>,
  { signal = new AbortController().signal }: HedgeOptions = {},
): Promise<T> {
  return attempt(signal, 0)
}
