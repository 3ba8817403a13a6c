import { LRUCache } from 'lru-cache'

/** What a call has brought. */
export type Entry<T> = {
  /** When the call began, by `performance.now()`: by its end, the answer may be old already (RFC 9111, section 4.2.3). */
  readonly begunAt: number
} & (
  | { readonly kind: 'answer'; readonly value: T; readonly tookMs: number }
  | { readonly kind: 'refusal'; readonly error: unknown }
)

/** What an entry takes beside its bytes. */
const OVERHEAD_BYTES = 200

/**
 * Keeps so many entries and so many bytes, and forgets whoever was not asked for longest. It knows nothing of time: what
 * is too old for one purpose is good enough for another.
 */
export class Store<T> {
  readonly #entries: LRUCache<string, Entry<T>>

  constructor({ maxEntries, maxBytes }: { maxEntries: number; maxBytes: number }) {
    // What is larger than `maxSize` is not kept, and what was there under its name neither.
    this.#entries = new LRUCache({ max: maxEntries, maxSize: maxBytes, sizeCalculation: bytesOf })
  }

  get entries(): number {
    return this.#entries.size
  }

  get bytes(): number {
    return this.#entries.calculatedSize
  }

  get(key: string): Entry<T> | undefined {
    return this.#entries.get(key)
  }

  set(key: string, entry: Entry<T>): void {
    this.#entries.set(key, entry)
  }
}

function bytesOf<T>(entry: Entry<T>, key: string): number {
  const json = entry.kind === 'answer' ? JSON.stringify(entry.value) : undefined
  return Buffer.byteLength(json ?? '') + Buffer.byteLength(key) + OVERHEAD_BYTES
}

/** The value, which nobody can change any more, down to its last member: it is everybody's. For what JSON knows. */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) frozen(member)
  return Object.freeze(value)
}
