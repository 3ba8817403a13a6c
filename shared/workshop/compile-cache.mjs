// What V8 has compiled, of Vitest above all, is kept for the next process.
import module from 'node:module'
import { fileURLToPath } from 'node:url'

module.enableCompileCache?.(fileURLToPath(new URL('../../node_modules/.cache/node', import.meta.url)))
