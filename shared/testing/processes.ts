import { type ChildProcess, execFileSync } from 'node:child_process'
import { vi } from 'vitest'

/** All that the process has started, and what those have. Windows has no `ps`, and nothing is told there. */
export function childrenOf(pid: number): number[] {
  if (process.platform === 'win32') return []
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n')
  const parents = new Map(rows.map((row) => row.trim().split(/\s+/).map(Number) as [number, number]))
  const below = (pid: number): number[] =>
    [...parents].flatMap(([child, parent]) => (parent === pid ? [child, ...below(child)] : []))
  return below(pid)
}

/** Those of its processes that are still there when `end` has had its effect, or the time is up. */
export async function leftAfter(child: ChildProcess, end: () => unknown, withinMs: number): Promise<number[]> {
  const all = childrenOf(child.pid!)
  end()
  const left = () => all.filter(isAlive)
  await vi.waitUntil(() => left().length === 0, withinMs).catch(() => {})
  return left()
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
