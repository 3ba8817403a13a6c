// Carries what is new to the board: announce.ts starts it, in a process of its own, when a run of the tests has ended.
import { constants, setPriority } from 'node:os'
import { deadlineAfter } from '../core/deadline.ts'
import { home } from '../manifest/home.ts'
import { COURIER_MS, comeHome, setOut } from './lock.ts'
import { keepTold, type Membership, readMembership, readTold } from './membership.ts'
import { isDue, standings, type Told } from './news.ts'
import { tell } from './tell.ts'
import { wordsFor } from './trouble.ts'

/** Once the board is left, or another one joined, nothing goes out any more, and nothing comes back. */
const shelfOf = ({ id }: Membership) => {
  const checkStillIn = () => {
    if (readMembership()?.id !== id) throw new Error('The board was left')
  }
  return {
    standings,
    told() {
      checkStillIn()
      return readTold()
    },
    keep(told: Told) {
      checkStillIn()
      keepTold(told)
    },
  }
}

// The next run of the tests may begin any moment.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
const deadline = deadlineAfter(COURIER_MS)
// Once more after it has come home: a run that ended just before has seen a courier under way, and sent none.
for (;;) {
  const membership = readMembership()
  if (!membership || !isDue(readTold(), standings()) || !setOut(home)) break
  const shelf = shelfOf(membership)
  try {
    await tell(membership, shelf, { deadline })
  } catch (error) {
    try {
      shelf.keep({ ...shelf.told(), trouble: wordsFor(error, membership.origin) })
    } catch {}
    break
  } finally {
    comeHome(home)
  }
}
