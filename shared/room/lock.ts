import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A courier gives up when it has been under way for so long. */
export const COURIER_MS = 120_000
/** By then it is gone, whatever has become of it: its number may be another process's by now. */
const STALE_MS = 2 * COURIER_MS

const fileIn = (base: string) => join(base, 'room-courier')

/** Whether there is a courier. */
export function isUnderWay(base: string): boolean {
  try {
    if (Date.now() - statSync(fileIn(base)).mtimeMs > STALE_MS) return false
    return process.kill(Number(readFileSync(fileIn(base), 'utf8')), 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** @returns whether we are the courier from now on */
export function setOut(base: string): boolean {
  for (const isAgain of [false, true])
    try {
      writeFileSync(fileIn(base), String(process.pid), { flag: 'wx' })
      return true
    } catch {
      if (isAgain || isUnderWay(base)) break
      rmSync(fileIn(base), { force: true })
    }
  return false
}

export const comeHome = (base: string): void => rmSync(fileIn(base), { force: true })
