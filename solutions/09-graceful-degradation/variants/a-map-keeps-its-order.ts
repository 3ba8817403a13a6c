/**
 * A Map keeps its order, and what is asked for goes to its end.
 * Replaces: store.ts
 */
import type { Entry } from '../store.ts'

export type { Entry } from '../store.ts'
export { frozen } from '../store.ts'

export class Store<T> {
  readonly #maxEntries: number
  readonly #maxBytes: number
  readonly #kept = new Map<string, { entry: Entry<T>; bytes: number }>()
  #bytes = 0

  constructor({ maxEntries, maxBytes }: { maxEntries: number; maxBytes: number }) {
    this.#maxEntries = maxEntries
    this.#maxBytes = maxBytes
  }

  get entries(): number {
    return this.#kept.size
  }

  get bytes(): number {
    return this.#bytes
  }

  get(key: string): Entry<T> | undefined {
    const kept = this.#kept.get(key)
    if (!kept) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    return kept.entry
  }

  set(key: string, entry: Entry<T>): void {
    this.#forget(key)
    const text = entry.kind === 'answer' ? (JSON.stringify(entry.value) ?? '') : ''
    const bytes = Buffer.byteLength(text) + Buffer.byteLength(key) + 200
    if (bytes > this.#maxBytes) return
    while (this.#kept.size >= this.#maxEntries || this.#bytes + bytes > this.#maxBytes)
      this.#forget(this.#kept.keys().next().value!)
    this.#kept.set(key, { entry, bytes })
    this.#bytes += bytes
  }

  #forget(key: string): void {
    const kept = this.#kept.get(key)
    if (!kept) return
    this.#kept.delete(key)
    this.#bytes -= kept.bytes
  }
}
