import type { Vite } from 'vitest/node'

/**
 * Points one module at another, for whoever imports it, also for its neighbours in the chapter: so a suite meets a
 * mistake where it expects the solution. Only the replacement itself still sees the original, to build on it.
 * @param original and `replacement`: absolute paths with forward slashes, as Vite has them.
 */
export function swap(original: string, replacement: string): Vite.Plugin {
  return {
    name: 'swap',
    enforce: 'pre',
    async resolveId(source, importer, options) {
      // As written in a source: Vite asks again for what it has resolved, as a URL and without the importer.
      if (!/^[.#]/.test(source) || importer === replacement) return undefined
      const resolved = await this.resolve(source, importer, { ...options, skipSelf: true })
      return resolved?.id === original ? replacement : undefined
    },
  }
}

/** Puts other code in the place of a module's own. */
export function rewrite(original: string, code: string): Vite.Plugin {
  return { name: 'rewrite', enforce: 'pre', load: (id) => (id === original ? code : undefined) }
}
