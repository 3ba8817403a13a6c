// Plain JavaScript: a process that runs a suite would load Node's TypeScript loader for this thread alone.
import { writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'

/** @type {import('./watchdog.ts').Watched} */
const { until, what } = workerData

const parent = process.ppid

setInterval(() => {
  // Nobody is there to be told the results.
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
  if (Date.now() < until[0]) return
  const name = Buffer.from(what).toString().replaceAll('\0', '')
  // Past the blocked thread's streams.
  writeSync(2, `\n${name} does not come to an end, nor lets its time limit pass: is there a loop that never awaits?\n`)
  process.kill(process.pid, 'SIGKILL')
}, 1000)
