// A preload beside leash.ts, for code that is being edited: a loop that never awaits hears of no disconnect, so another
// thread looks whether the parent is still there. (Windows renames no orphan, and this does nothing there.)
import { isMainThread, Worker } from 'node:worker_threads'

const look = `
  const { ppid } = process
  setInterval(() => process.ppid === ppid || process.kill(process.pid, 'SIGKILL'), 1000)`

if (isMainThread) new Worker(look, { eval: true, execArgv: [] }).unref()
