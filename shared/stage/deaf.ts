// A preload beside leash.ts, for code that is being edited: a loop that never awaits hears of no disconnect, so another
// thread looks whether the parent is still there. Which one that is it has been told (see child.ts): a parent that is
// killed in a child's first moments has gone before anybody could ask. (Windows renames no orphan: nothing there.)
import { isMainThread, Worker } from 'node:worker_threads'

const look = `
  const parent = Number(process.env.FAIL_WELL_PARENT)
  const check = () => process.ppid === parent || process.kill(process.pid, 'SIGKILL')
  check()
  setInterval(check, 1000)`

if (isMainThread && process.platform !== 'win32') new Worker(look, { eval: true, execArgv: [] }).unref()
