import { setImmediate } from 'node:timers/promises'

export type Call = () => Promise<unknown>

/** Milliseconds that a subject has in each round: short, so that whatever else the machine does hits all of them alike. */
const ROUND_MS = 4

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/**
 * Nanoseconds of processor time a call of each subject, round by round: one awaited call after the other, the subjects taking turns, each
 * in another order than the round before. Whether a call succeeds or fails makes no difference here.
 */
export async function takeTurns<Name extends string>(
  subjects: Record<Name, Call>,
  rounds: number,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(subjects) as Name[]
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>
  const counts = new Map<Name, number>()
  for (const name of names) {
    // Twice: the first time the compiler has not seen it yet.
    await nsPerCall(subjects[name], 2000)
    const ns = await nsPerCall(subjects[name], 500)
    counts.set(name, Math.max(10, Math.round((ROUND_MS * 1e6) / ns)))
  }
  for (let round = 0; round < rounds; round++) {
    for (const turn of names.keys()) {
      const name = names[(round + turn) % names.length]!
      times[name].push(await nsPerCall(subjects[name], counts.get(name)!))
    }
  }
  return times
}

async function nsPerCall(call: Call, calls: number): Promise<number> {
  // Lets timers and finalizers of whoever came before have their turn.
  await setImmediate()
  const before = cpuUs()
  for (let i = 0; i < calls; i++) {
    try {
      await call()
    } catch {
      // A failing path is measured like any other.
    }
  }
  return ((cpuUs() - before) * 1000) / calls
}

/** Of all threads, the collector's too: garbage is part of the price, and the time that other programs take is not. */
function cpuUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** The median of the ratios, and not the ratio of the medians: both sides of each were measured in one moment. */
export const ratio = (ours: number[], theirs: number[]): number => median(ours.map((ns, round) => ns / theirs[round]!))
