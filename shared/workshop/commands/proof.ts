import { script } from '../script.ts'
import { Trouble } from '../../core/trouble.ts'

/** Each is a part of shared/proof/main.ts, which prints a table and fails when anything is not as it should be. */
const parts: Record<string, string> = {
  matrix: 'every fault of a replica, a carrier and all of them, by every route (30 s)',
  fuzz: 'bad input of every kind, a thousand of each (3 min); --runs, --seed',
  soak: 'random faults at a steady rate, and what grows or does not add up (10 min); --minutes, --seed',
  sets: 'every Parcel between naive and solved, at healthy traffic and at incidents (10 min); --draws, --seed, --short',
  upload:
    'a GB of scans: memory, pace, every line accounted for, and an end in the middle (5 min); --megabytes, and DATABASE_URL for a second store',
  crash: 'kill -9 during bookings, each of which must be made once (1 min); --kills, --seed',
}

/** Holds Parcel, on the solutions, to what its README promises; the tests do the same, in short. */
export async function run([name = '', ...args]: string[]): Promise<void> {
  const list = Object.entries(parts).map(([part, what]) => `  npm run proof ${part.padEnd(7)} ${what}`)
  if (!Object.hasOwn(parts, name)) throw new Trouble(`Which proof? There are:\n${list.join('\n')}`)
  await script('shared/proof/main.ts', 'solutions', [name, ...args])
}
