import { until } from './until.ts'

/** What a process says, and holds, when something went wrong that nobody waited for. */
const ALARMS = ['unhandledRejection', 'uncaughtException', 'warning'] as const
const HELD = /^(TCP|Process|Timeout)/

/** For sockets and timers to close, also on a machine that has other things to do. */
const PATIENCE_MS = 10_000

/** Does some work, and tells what it has left behind: errors that nobody caught, warnings, sockets, timers, processes. */
export async function withAlarms<T>(work: () => Promise<T>): Promise<{ value: T; alarms: string[] }> {
  const alarms: string[] = []
  const listeners = ALARMS.map((alarm) => {
    const listener = (error: unknown) =>
      alarms.push(`${alarm}: ${error instanceof Error ? error.stack : String(error)}`)
    process.on(alarm, listener)
    return () => process.off(alarm, listener)
  })
  const held = () => process.getActiveResourcesInfo().filter((kind) => HELD.test(kind))
  const before = held().length
  try {
    const value = await work()
    if (!(await until(() => held().length <= before, PATIENCE_MS))) alarms.push(`left behind: ${held().join(', ')}`)
    return { value, alarms }
  } finally {
    for (const stop of listeners) stop()
  }
}
