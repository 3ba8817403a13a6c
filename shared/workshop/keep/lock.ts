import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Trouble } from '../../core/trouble.ts'

const PATIENCE_MS = 3_000

/**
 * Does `work`, which must not await, while no other process does.
 * Each leaves a file named after its process, and only then looks for others: so of two at once, at least one sees
 * the other, and steps back. What a killed one leaves behind is known by its process, which is gone.
 * @throws {Trouble} when another one is at work for longer than three seconds.
 */
export async function alone<T>(base: string, work: () => T): Promise<T> {
  const folder = join(base, '.workshop')
  mkdirSync(folder, { recursive: true })
  const own = `lock.${process.pid}.${Date.now()}`
  for (let waitedMs = 0; ;) {
    writeFileSync(join(folder, own), '')
    const other = readdirSync(folder).find((name) => name !== own && isHeld(folder, name))
    if (!other) break
    rmSync(join(folder, own))
    if (waitedMs > PATIENCE_MS)
      throw new Trouble(
        `Another command is at work here (process ${processOf(other)}): wait for it. If there is no such command, ` +
          `delete .workshop/${other}, and try again.`,
      )
    // Not the same for both, or two that began together would step back together for ever.
    const pauseMs = 10 + Math.random() * 90
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    waitedMs += pauseMs
  }
  try {
    return work()
  } finally {
    rmSync(join(folder, own), { force: true })
  }
}

const processOf = (name: string) => Number(name.split('.')[1])

function isHeld(folder: string, name: string): boolean {
  if (!name.startsWith('lock.')) return false
  try {
    process.kill(processOf(name), 0)
    return true
  } catch (error) {
    // EPERM: it is somebody else's, and alive.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') return true
    rmSync(join(folder, name), { force: true })
    return false
  }
}
