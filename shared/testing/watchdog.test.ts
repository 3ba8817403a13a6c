import { spawnSync } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const thread = pathToFileURL(join(import.meta.dirname, 'watchdog-thread.mjs')).href

/** A process that is watched while it does `work`, and whose patience ends after `limitMs`. */
const watched = (work: string, limitMs: number) =>
  spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { Worker } from 'node:worker_threads'
       const until = new Float64Array(new SharedArrayBuffer(8)).fill(Date.now() + ${limitMs})
       const what = new Uint8Array(new SharedArrayBuffer(512))
       new TextEncoder().encodeInto('The test "is patient"', what)
       const worker = new Worker(new URL(${JSON.stringify(thread)}), { workerData: { until, what }, execArgv: [] })
       worker.unref()
       worker.once('online', () => { ${work} })
       setTimeout(() => {}, 500)`,
    ],
    { encoding: 'utf8', timeout: 10_000 },
  )

test('ends a process whose loop never awaits, and says what it was at', () => {
  const { signal, stderr } = watched('for (;;);', 0)
  expect(signal).toBe('SIGKILL')
  expect(stderr).toContain('The test "is patient" does not come to an end')
})

test('lets a process go that has come to its end', () => {
  const { status, stderr } = watched('', 50_000)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})
