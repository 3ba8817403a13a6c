// npm run join: puts this laptop on the board of a class, shows what is told, or takes it off again.
import { parseArgs } from 'node:util'
import { deadlineAfter } from '../core/deadline.ts'
import { ResponseError } from '../core/errors.ts'
import { Trouble } from '../core/trouble.ts'
import {
  forgetMembership,
  keepMembership,
  type Membership,
  membershipFor,
  pathOf,
  readMembership,
  readTold,
} from './membership.ts'
import { isDue, newsFor, standings, tagOf, type Told } from './news.ts'
import { bodyOf, takeLeave, tell } from './tell.ts'
import { wordsFor } from './trouble.ts'

/** Somebody waits for it. */
const PATIENCE_MS = 6_000
const LEAVE_MS = 2_000
const NOBODY: Told = { chapters: {} }

async function run(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      // npm keeps an option that is typed without the `--` before it to itself, and passes it on like this.
      show: { type: 'boolean', default: Boolean(process.env.npm_config_show) },
      leave: { type: 'boolean', default: Boolean(process.env.npm_config_leave) },
    },
  })
  const [address, ...name] = positionals
  if (values.show) return show()
  if (values.leave) return leave()
  if (!address)
    throw new Trouble(
      'Which board? As it shows itself: npm run join http://10.0.0.5:4100/K7QX3M, and a nickname if you like.',
    )
  await join(address, name.join(' '))
}

async function join(address: string, name: string): Promise<void> {
  const before = readMembership()
  const wanted = membershipFor(address, name)
  const isSame = before?.origin === wanted.origin && before.code === wanted.code
  // The same laptop again, with a nickname perhaps: not a second one beside it.
  const membership = isSame ? { ...wanted, id: before.id } : wanted
  let told = NOBODY
  const shelf = { standings, told: () => told, keep: (it: Told) => void (told = it) }
  try {
    await tell(membership, shelf, { deadline: deadlineAfter(PATIENCE_MS) })
  } catch (error) {
    // Somebody has left for us, on a copy of this folder: nobody comes back by that id.
    if (isSame && error instanceof ResponseError && error.status === 410) {
      forgetMembership()
      return join(address, name)
    }
    throw new Trouble(wordsFor(error, membership.origin))
  }
  keepMembership(membership, told)
  if (before && !isSame) await takeLeave(before, deadlineAfter(LEAVE_MS)).catch(() => {})
  console.log(`
  You are on the board, as ${membership.name ?? `number ${tagOf(membership.id)}`}. From now on each run of the tests tells it the chapter, the
  green steps, the first red test's name, how many hints were taken, and for how long no colour has changed. Nothing else.

  see it, to the byte   npm run join -- --show
  leave                 npm run join -- --leave; it ends by itself tonight
`)
}

function show(): void {
  const membership = readMembership()
  const to = membership ?? { origin: 'http://10.0.0.5:4100', code: 'K7QX3M', id: '(made by chance)' }
  const told = readTold()
  const all = standings()
  const news = newsFor(told, all)
  const request = (told: Told, news: ReturnType<typeof standings>) =>
    `PUT ${to.origin}${pathOf(to)}\ncontent-type: application/json\n\n${bodyOf(to as Membership, told, news, Date.now())}\n`
  const isNext = membership && isDue(told, all)
  if (!membership) console.log('No board is joined, and nothing is sent. This would be, by joining one:\n')
  else if (!isNext) console.log(`The board has all of it since ${told.at}. This would be sent if it began anew:\n`)
  else console.log(`This is sent next${told.trouble ? ` (the last time: ${told.trouble})` : ''}:\n`)
  console.log(isNext ? request(told, news) : request(NOBODY, all))
  console.log('And how long an answer is waited for, in a header. Nothing else.')
}

async function leave(): Promise<void> {
  const membership = readMembership()
  // First, so that nothing is told any more, whatever becomes of the rest.
  forgetMembership()
  if (!membership) return console.log('No board is joined: nothing is sent.')
  try {
    await takeLeave(membership, deadlineAfter(LEAVE_MS))
    console.log('You are off the board, and nothing is sent any more.')
  } catch (error) {
    console.log(
      `Nothing is sent any more. The board could not be told, and forgets you when it ends: ${wordsFor(error, membership.origin)}`,
    )
  }
}

try {
  await run(process.argv.slice(2))
} catch (error) {
  const isArgument = String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')
  if (!(error instanceof Trouble || isArgument)) throw error
  console.error((error as Error).message)
  process.exit(1)
}
