// Run by faults.ts on a copy of the tree, whose .workshop it fills: how long announce() takes, in milliseconds.
import { sleep } from '../core/sleep.ts'
import { chapters } from '../manifest/chapters.ts'
import { home } from '../manifest/home.ts'
import { writeProgress } from '../manifest/progress.ts'
import { announce } from './announce.ts'
import { comeHome } from './lock.ts'
import { forgetMembership, keepMembership, membershipFor } from './membership.ts'
import { standings } from './news.ts'

const CALLS = 200
/** Each of them starts a process. */
const COURIERS = 20
/** For which that one has the machine. */
const PAUSE_MS = 300

const RED = { state: 'red', passed: 0, total: 1 } as const
for (const chapter of chapters) {
  const known = { green: [1, 2], since: new Date().toISOString(), red: 'a test of it' }
  writeProgress(chapter, { at: known.since, fingerprint: '', steps: chapter.steps.map(() => RED), known })
}

async function costs(name: string, calls: number, between: () => unknown = () => {}): Promise<string[]> {
  const times: number[] = []
  for (let call = 0; call < calls; call++) {
    const startedAt = performance.now()
    announce()
    times.push(performance.now() - startedAt)
    await between()
  }
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(2)
  return [name, at(0.5), at(0.99)]
}

/** Nobody listens there. */
const membership = membershipFor('http://127.0.0.1:1/K7QX3M', '')
const all = Object.fromEntries(standings().map((standing) => [standing.chapter, JSON.stringify(standing)]))
const rows = [await costs('no board joined', CALLS)]
const at = new Date().toISOString()
keepMembership(membership, { board: 'a-board-of-ours', chapters: all, at })
rows.push(await costs('nothing new', CALLS))
keepMembership(membership, { board: 'a-board-of-ours', chapters: {} })
rows.push(
  await costs('a courier is sent', COURIERS, async () => {
    await sleep(PAUSE_MS)
    comeHome(home)
  }),
)
forgetMembership()
console.log(JSON.stringify(rows))
