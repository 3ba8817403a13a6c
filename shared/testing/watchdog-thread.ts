import { writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import type { Watched } from './watchdog.ts'

const { until, what } = workerData as Watched

setInterval(() => {
  if (Date.now() < until[0]!) return
  const name = Buffer.from(what).toString().replaceAll('\0', '')
  // Past the blocked thread's streams.
  writeSync(2, `\n${name} does not come to an end, nor lets its time limit pass: is there a loop that never awaits?\n`)
  process.kill(process.pid, 'SIGKILL')
}, 1000)
