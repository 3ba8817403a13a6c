// npm run room: the board of a class, on the machine of whoever stands in front.
import type { FastifyInstance } from 'fastify'
import { createShutdown } from '#chapters/02-graceful-shutdown/shutdown.ts'
import { pino } from 'pino'
import { Trouble } from '../core/trouble.ts'
import { joinAddresses } from './addresses.ts'
import { Board } from './board.ts'
import { buildDesk } from './desk.ts'
import type { Exercise } from './exercise.ts'
import { buildFront } from './front.ts'
import { readKept, writeKept } from './keep.ts'
import { type Options, readOptions } from './options.ts'
import { rehearse, SPEED } from './rehearse.ts'
import { keepSession, newCode, openSession, type Session } from './session.ts'

/** What is kept in a file is at most so old there. */
const KEEP_MS = 5_000

async function run(options: Options): Promise<void> {
  const isRehearsal = options.rehearse !== undefined
  // A rehearsal is nobody's morning: it neither has its code nor its clock.
  const session: Session = isRehearsal ? { code: newCode(), begunAt: Date.now() } : openSession(options.newCode)
  const host = isRehearsal ? '127.0.0.1' : options.host
  const startedAt = Date.now()
  const now = isRehearsal ? () => startedAt + SPEED * (Date.now() - startedAt) : Date.now
  const board = new Board({ ...(options.keep && readKept(options.keep)), now })
  let stopKeeping = () => {}

  const front = buildFront({ board, code: session.code, logger: pino({ level: 'warn' }) })
  let desk: FastifyInstance | undefined
  const ended = new AbortController()
  const shutdown = createShutdown(front, {
    drainDelayMs: 0,
    deadlineMs: 4_000,
    hooks: [
      { name: 'the file', close: async () => stopKeeping() },
      { name: 'the pages', close: async () => desk?.close() },
      { name: 'the rehearsal', close: async () => ended.abort() },
    ],
  })
  const port = await listenOn(front, host, options.port, '--port')
  const addresses = joinAddresses({ host, port, code: session.code, address: options.address })
  const [address, ...others] = addresses as [string, ...string[]]

  const onExercise = (exercise?: Exercise) => isRehearsal || tryToKeep({ ...session, exercise })
  desk = buildDesk({ board, address, slidesPort: options.slidesPort, exercise: session.exercise, onExercise })
  const page = `http://127.0.0.1:${await listenOn(desk, '127.0.0.1', options.boardPort, '--board-port')}`
  // Not before: another room may be open, which these files are about.
  onExercise(session.exercise)
  if (options.keep) stopKeeping = keepIn(options.keep, board)
  shutdown.install()
  // To whoever has started it with a channel, and port 0.
  process.send?.({ join: address, board: page })
  greet({ address, others, page, keep: options.keep, isRehearsal })
  if (options.rehearse !== undefined) await rehearse(address, options.rehearse, now, ended.signal)
}

/** A class goes on without it. */
function tryToKeep(session: Session): void {
  try {
    keepSession(session)
  } catch (error) {
    console.error(`A board that begins anew would have another code: ${(error as Error).message}`)
  }
}

/**
 * Keeps what the board knows in a file.
 *
 * @returns how to stop that, with all that it knows by then
 * @throws Trouble when the file cannot be written; later on it is only told, as a class goes on without it
 */
function keepIn(file: string, board: Board): () => void {
  try {
    writeKept(file, board, false)
  } catch (error) {
    throw new Trouble(`${file} cannot be written: ${(error as Error).message}`)
  }
  let written = board.version
  let trouble: string | undefined
  const write = (hasEnded = false) => {
    if (board.version === written && !hasEnded) return
    try {
      writeKept(file, board, hasEnded)
      written = board.version
      trouble = undefined
    } catch (error) {
      const { message } = error as Error
      // Once, as the next attempt is in five seconds.
      if (message !== trouble) console.error(`${file} could not be written, and is tried again: ${message}`)
      trouble = message
    }
  }
  const writing = setInterval(() => write(), KEEP_MS)
  return () => {
    clearInterval(writing)
    write(true)
  }
}

/** @throws Trouble when somebody else has it: another port would not be the one that the room has been told */
async function listenOn(app: FastifyInstance, host: string, port: number, option: string): Promise<number> {
  try {
    return Number(new URL(await app.listen({ host, port })).port)
  } catch (error) {
    throw new Trouble(
      `The room cannot listen on ${host}, port ${port}: ${(error as Error).message}. Another room, perhaps? If not: ${option} ${port + 10}`,
    )
  }
}

interface Greeting {
  address: string
  others: string[]
  page: string
  keep: string | undefined
  isRehearsal: boolean
}

function greet({ address, others, page, keep, isRehearsal }: Greeting): void {
  const elsewhere = others.map((other) => `\n               or ${other}, if that is the room's network`).join('')
  console.log(`
  ${isRehearsal ? `A rehearsal: nobody in it exists, and a minute takes ${60 / SPEED} s` : 'The room is open'}

  they type    npm run join ${address}${elsewhere}
  for all      ${page}/projector
  for you      ${page}, with who is stuck, and the exercise's clock: not for the projector
  in the deck  on each "your turn", as long as this runs
  end          Ctrl-C; ${keep ? `what it knows is kept in ${keep}` : 'and all that it knows is gone'}
`)
}

try {
  await run(readOptions(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof Trouble)) throw error
  console.error(error.message)
  process.exit(1)
}
