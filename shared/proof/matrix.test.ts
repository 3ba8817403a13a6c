import { expect, test } from 'vitest'
import { inVirtualTime } from '../service/harness.ts'
import { complaintsOf } from './matrix-table.ts'
import { runScope, SCOPES } from './matrix.ts'

// Real sockets, but the clock goes by turns of the event loop: a busy machine is no late carrier.
test.for(SCOPES)('each fault of %s, on each route: answered as the rules say', { timeout: 120_000 }, async (scope) => {
  const { value } = await inVirtualTime(() => runScope(scope))
  expect(value.cells).toHaveLength(11 * 7)
  expect(complaintsOf(value)).toEqual([])
})
