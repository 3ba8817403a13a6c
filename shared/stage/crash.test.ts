import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { root } from '../manifest/target.ts'
import { tellError } from './crash.ts'

const file = join(root, 'exercises/01-timeouts/timeout.ts')

test('a syntax error is told with its place', () => {
  const said = `
${root}/node_modules/esbuild/lib/main.js:1748
  let error = new Error(text);
              ^

Error [TransformError]: Transform failed with 1 error:
${file}:12:3: ERROR: Expected ";" but found "oops"
    at failureErrorWithLog (${root}/node_modules/esbuild/lib/main.js:1748:15)
    at process.processTicksAndRejections (node:internal/process/task_queues:105:5) {
  errors: [Getter/Setter],
}

Node.js v24.11.0
`
  expect(tellError(said, '').slice(0, 2)).toEqual([
    'Error [TransformError]: Transform failed with 1 error:',
    'exercises/01-timeouts/timeout.ts:12:3: ERROR: Expected ";" but found "oops"',
  ])
})

test('what nobody caught is told with where it came from in our files, and without the warnings before', () => {
  const said = `(node:1) MaxListenersExceededWarning: Possible leak
(Use \`node --trace-warnings ...\`)
${pathToFileURL(file)}:3
  throw new TypeError('no')
        ^

TypeError: no
    at withTimeout (${file}:3:9)
    at Object.call (${root}/node_modules/undici/index.js:1:1)
    at node:internal/main:1:1

Node.js v24.11.0
`
  expect(tellError(said, '')).toEqual([
    'exercises/01-timeouts/timeout.ts:3',
    "  throw new TypeError('no')",
    '        ^',
    'TypeError: no',
    '    at withTimeout (exercises/01-timeouts/timeout.ts:3:9)',
  ])
})

test('without an error, how it ended and what it said last', () => {
  expect(tellError('', 'It ended with exit code 3')).toEqual(['It ended with exit code 3'])
  expect(tellError('a\n\nb\nNode.js v24.11.0\n', 'It was ended by SIGKILL')).toEqual([
    'It was ended by SIGKILL',
    'a',
    'b',
  ])
})
