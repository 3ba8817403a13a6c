// Preloaded into a command (`--import`): kills it before its n-th call that changes what is on the disk (KILL_AT=7), or
// halfway through it (KILL_AT=7.5), with half of the bytes written or one of the files removed. If it lives, it tells
// the calls that it made.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } = fs
const at = Number(process.env.KILL_AT)
const made: string[] = []

for (const [name, original] of Object.entries({ mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync }))
  Object.assign(fs, {
    [name]: (path: string, ...more: unknown[]) => {
      const isIdle = { mkdirSync: existsSync(path), rmSync: !existsSync(path) }[name]
      if (!isIdle) made.push(name)
      if (!isIdle && made.length === Math.floor(at)) {
        if (at > made.length) halfway(name, path, more)
        process.kill(process.pid, 'SIGKILL')
        // It takes a moment to arrive.
        for (;;);
      }
      return (original as (...args: unknown[]) => unknown)(path, ...more)
    },
  })
syncBuiltinESMExports()
process.on('exit', () => console.error(made.join(' ')))

function halfway(name: string, path: string, [data]: unknown[]): void {
  if (name === 'writeFileSync') writeFileSync(path, (data as Buffer).slice(0, (data as Buffer).length / 2))
  const [first] = name === 'rmSync' && fs.statSync(path).isDirectory() ? readdirSync(path) : []
  if (first) rmSync(`${path}/${first}`, { recursive: true })
}
