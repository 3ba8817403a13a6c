import { sleep } from '../../core/sleep.ts'
import type { FaultAt } from './incidents.ts'
import type { Side } from '../side.ts'
import { Trouble } from '../../core/trouble.ts'
import type { Act } from './scripts.ts'

/** After the last arrival: who has no answer by then has waited in vain. */
const LAST_ANSWERS_MS = 1500
const STATS_TRIES = 5
/** Of a Parcel that is killed, also where it takes long to start. */
const LEAST_LIFE_MS = 2000

/** Something else than a Parcel has failed, so nobody knows how good that one is. */
export class NoVerdict extends Trouble {
  override name = 'NoVerdict'
}

const silent = (error: unknown) =>
  new NoVerdict(`The machine is too busy: its carriers do not answer (${(error as Error).message})`, { cause: error })

/** @throws Trouble when it does not come up */
export async function startParcel(side: Side, name: string): Promise<void> {
  await side.replace()
  const { parcel } = await side.state()
  if (parcel.status !== 'crashed') return
  const whose = { yours: 'Your Parcel', reference: 'The reference' }[name] ?? `Parcel on ${name}`
  throw new Trouble(`${whose} does not start, so there is nothing to grade:\n${parcel.error.join('\n')}`)
}

/**
 * Restarts come one after the other, and so do kills, after which everything ends; all else at its time. Nothing more once the signal
 * has aborted.
 * @throws NoVerdict when the carriers do not answer
 */
export async function perform(acts: Act[], side: Side, signal: AbortSignal): Promise<void> {
  let restarted = Promise.resolve()
  const restart = async () => {
    if (!signal.aborted) await side.restart()
  }
  let killed = Promise.resolve()
  const kill = async () => {
    await side.kill()
    await sleep(LEAST_LIFE_MS, signal)
  }
  const last = async (seconds: number) => {
    await sleep(seconds * 1000, signal)
    await killed
  }
  const set = async ({ carrier, fault, replica }: FaultAt) => {
    await side.setFault(carrier, fault, replica).catch((error) => Promise.reject(silent(error)))
  }
  const performed = acts.map(async ({ fromS, toS, what }) => {
    await sleep(fromS * 1000, signal)
    if ('restart' in what) return (restarted = restarted.then(restart))
    if ('kill' in what) return (killed = killed.then(kill))
    // All sides have it together.
    if ('rush' in what) return
    if ('traffic' in what) {
      side.letLoose(what.traffic)
      await last(toS - fromS)
      return side.callOff()
    }
    await Promise.all(what.faults.map(set))
    await last(toS - fromS)
    await Promise.all(what.faults.map((each) => set({ ...each, fault: null })))
  })
  await Promise.all(performed)
}

/** By carrier, what has arrived there so far. @throws NoVerdict when they do not answer */
export async function arrivedAt({ carriers }: Side): Promise<Record<string, number>> {
  for (let tries = 1; ; tries++) {
    try {
      const stats = await carriers.stats()
      const total = (replicas: { started: number }[]) => replicas.reduce((sum, { started }) => sum + started, 0)
      return Object.fromEntries(stats.map(({ name, replicas }) => [name, total(replicas)]))
    } catch (error) {
      if (tries === STATS_TRIES) throw silent(error)
    }
  }
}

/** Of the orders that were promised. @throws NoVerdict when their carrier does not answer */
export const lostOrders = (side: Side): Promise<number> =>
  side.lostOrders().catch((error) => Promise.reject(silent(error)))

/** Then the customers leave, and what they still waited for has failed. */
export async function lastAnswers({ customers }: Side): Promise<void> {
  const until = performance.now() + LAST_ANSWERS_MS
  while (customers.ledger.waiting > 0 && performance.now() < until) await sleep(20)
  await customers.leave()
  while (customers.ledger.waiting > 0) await sleep(1)
}
