import { expect, test } from 'vitest'
import { inVirtualTime } from '../service/harness.ts'
import { withAlarms } from '../stage/alarms.ts'
import { complaintsOf } from './matrix-table.ts'
import { runScope } from './matrix.ts'
import { SCOPES } from './rules.ts'

// Real sockets, but the clock goes by turns of the event loop: a busy machine is no late carrier.
test.for(SCOPES)('each fault of %s, on each route: answered as the rules say', { timeout: 120_000 }, async (scope) => {
  const { value, alarms } = await withAlarms(async () => (await inVirtualTime(() => runScope(scope))).value)
  expect(value.cells).toHaveLength(11 * 8)
  expect([...complaintsOf(value), ...alarms]).toEqual([])
})
