import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest } from 'fastify'
import { timingSafeEqual } from 'node:crypto'
import { serverOptions, limitServer } from '#chapters/01-timeouts/server.ts'
import { ClientLimits } from '#chapters/07-rate-limiting/clients.ts'
import { limitRequests } from '#chapters/07-rate-limiting/http.ts'
import { networkOf } from '#chapters/07-rate-limiting/identity.ts'
import type { Rate } from '#chapters/07-rate-limiting/options.ts'
import { Door } from '#chapters/08-load-shedding/door.ts'
import { shedLoad } from '#chapters/08-load-shedding/shed.ts'
import { httpOptions, keepToHttp } from '../service/http.ts'
import { answerProblems, Problem, problemOptions } from '../service/problems.ts'
import { admitBodies } from '../service/request-body.ts'
import { requestOptions } from '../service/requests.ts'
import { createTally } from '../service/tally.ts'
import type { Board, Reception } from './board.ts'
import { MAX_BYTES, readMessage } from './schema.ts'

/*
 * What the room's laptops talk to, and the only part of the board that listens beyond this machine. It is built of the
 * workshop's own patterns: limits on everything that takes time (01), a limit for each client (07), a door (08).
 */

/** A laptop says a few hundred bytes, and has the network of a hotel. */
const LIMITS = { headersMs: 2_000, requestMs: 4_000, balancerIdleMs: 1_000, bodyChunkMs: 1_000, handlerMs: 3_000 }
/** Whoever runs the tests more often than that is told to come later, and tells the latest then. */
const RATE = { perSecond: 1, burst: 20 }
/** A lecture hall whose sleeping laptops all open at once. */
const DOOR = { limit: 64, queue: 256, maxWaitMs: 500 }
const MAX_CONNECTIONS = 2_000

const ID = /^[\w-]{22}$/

interface OfPerson {
  Params: { code: string; id: string }
}

export interface FrontOptions {
  board: Board
  /** Without which nobody is heard. */
  code: string
  logger?: FastifyBaseLogger
  /** Of each laptop, or of each network's strangers together. Default: a run a second, and twenty at once. */
  rate?: Required<Rate>
}

const ANSWERS: Record<Exclude<Reception, 'heard'>, [status: number, detail: string]> = {
  anew: [409, 'This board has begun anew: tell all of it'],
  left: [410, 'This laptop has left the board'],
  full: [403, 'The room is full'],
}

export function buildFront({ board, code, logger, rate = RATE }: FrontOptions): FastifyInstance {
  const options = serverOptions(LIMITS)
  const app = Fastify({
    ...options,
    ...problemOptions,
    ...requestOptions,
    http: { ...options.http, ...httpOptions },
    bodyLimit: MAX_BYTES,
    ...(logger && { loggerInstance: logger }),
    return503OnClosing: false,
  })
  app.server.maxConnections = MAX_CONNECTIONS
  // A form or a script of a page could send it without asking.
  app.removeContentTypeParser('text/plain')

  const isRight = ({ params }: FastifyRequest) =>
    isSame(String((params as OfPerson['Params']).code).toUpperCase(), code)
  // Many are behind one address: whoever knows the code counts for themselves (and who reads the page how to join, by
  // their connection), whoever guesses at it with all who do.
  const clientOf = (request: FastifyRequest) => {
    if (!request.params || !isRight(request)) return networkOf(request.ip)
    const { id = '' } = request.params as Partial<OfPerson['Params']>
    return ID.test(id) ? `laptop:${id}` : `${request.ip} ${request.socket.remotePort}`
  }
  app.decorate('tally', createTally())
  answerProblems(app)
  limitRequests(app, { limit: new ClientLimits(rate), rate, clientOf, name: 'laptop' })
  keepToHttp(app)
  limitServer(app, LIMITS)
  shedLoad(app, { door: new Door(DOOR) })
  admitBodies(app)
  app.addHook('onRequest', async (request) => {
    if (!isRight(request)) throw new Problem(404, 'There is no such room: type the address as the board shows it')
  })

  app.put<OfPerson>('/:code/people/:id', async ({ params: { id }, body }) => {
    checkId(id)
    const reception = board.hear(id, messageIn(body))
    if (reception === 'heard') return { board: board.id }
    throw new Problem(...ANSWERS[reception])
  })

  app.delete<OfPerson>('/:code/people/:id', async ({ params: { id } }, reply) => {
    checkId(id)
    board.leave(id)
    return reply.code(204).send()
  })

  // For who opens the address in a browser. Not by the URL as it came, which somebody may have made up for a shell.
  app.get('/:code', async ({ headers }, reply) => {
    reply.type('text/plain; charset=utf-8')
    return `This is the board of a class. To join it, type in the workshop's folder:\n\n    npm run join http://${headers.host}/${code}\n`
  })
  return app
}

function checkId(id: string): void {
  if (!ID.test(id)) throw new Problem(404, 'There is no such laptop')
}

function messageIn(body: unknown) {
  try {
    return readMessage(body)
  } catch (error) {
    throw new Problem(400, (error as Error).message, { cause: error })
  }
}

function isSame(a: string, b: string): boolean {
  const [said, wanted] = [Buffer.from(a), Buffer.from(b)]
  return said.length === wanted.length && timingSafeEqual(said, wanted)
}
