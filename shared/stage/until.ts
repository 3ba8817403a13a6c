import { sleep } from '../core/sleep.ts'

/** False when the condition still does not hold after `patienceMs`. */
export async function until(condition: () => boolean | Promise<boolean>, patienceMs: number): Promise<boolean> {
  const giveUpAt = performance.now() + patienceMs
  while (!(await condition())) {
    if (performance.now() > giveUpAt) return false
    await sleep(10)
  }
  return true
}
