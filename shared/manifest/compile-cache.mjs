// What V8 has compiled, of Vitest above all, is kept for the next process. In the tree, and not in node_modules: copies of
// the tree that live for a test share those, and would leave what is compiled for their paths there for ever.
import module from 'node:module'
import { fileURLToPath } from 'node:url'

module.enableCompileCache?.(fileURLToPath(new URL('../../.workshop/compiled', import.meta.url)))
