import Fastify, { type FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { LoopDelay } from '#chapters/08-load-shedding/loop-delay.ts'
import { Refusal } from '../carriers/http.ts'
import { problemOptions } from '../service/problems.ts'
import { checkCaller } from '../stage/callers.ts'
import { ROOM, type RoomCard } from '../stage/deck.ts'
import type { Board } from './board.ts'
import { begin, type Exercise } from './exercise.ts'
import {
  FILES,
  instructor,
  instructorPage,
  projector,
  projectorPage,
  type Scene,
  type ViewName,
  VIEWS,
} from './pages.ts'
import { chapterOf, stuckIn, viewOf, written } from './view.ts'

/*
 * The board as it is seen, for this machine only: the projector's view, the instructor's, and what the deck embeds.
 */

const TICK_MS = 1000
/** When there is too much to do, telling goes first, and the pictures come so much more rarely. */
const LATE_MS = 50
const RARELY = 5
/** A reader that does not read is not waited for. */
const MAX_UNREAD_BYTES = 1_000_000
const MAX_MINUTES = 240
const REQUEST_MS = 1_000

const HTML = 'text/html; charset=utf-8'
const nothingElse = { additionalProperties: false }
const Commands = Type.Union([
  Type.Object(
    {
      exercise: Type.Object(
        {
          chapter: Type.Enum(written.map(({ number }) => number)),
          minutes: Type.Number({ exclusiveMinimum: 0, maximum: MAX_MINUTES }),
        },
        nothingElse,
      ),
    },
    nothingElse,
  ),
  Type.Object({ more: Type.Number({ minimum: -MAX_MINUTES, maximum: MAX_MINUTES }) }, nothingElse),
  Type.Object({ end: Type.Literal(true) }, nothingElse),
])
const validator = Compile(Commands)
type Command = Static<typeof Commands>

export interface DeskOptions {
  board: Board
  /** What is typed to join. */
  address: string
  /** Of the deck, which may show the board in a frame. */
  slidesPort: number
  exercise?: Exercise
  /** How late the event loop is. Default: this process's. */
  loop?: Pick<LoopDelay, 'ms' | 'stop'>
  /** The exercise has begun, has another end, or is over. */
  onExercise?: (exercise: Exercise | undefined) => void
}

/** Nothing from elsewhere, no script but ours, and in no frame but the deck's. */
const headersFor = (slidesPort: number) => ({
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
    `form-action 'none'; frame-ancestors http://127.0.0.1:${slidesPort} http://localhost:${slidesPort}`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
})

interface OfView {
  Querystring: { view?: string; chapter?: string }
}

export function buildDesk({
  board,
  address,
  slidesPort,
  exercise,
  onExercise = () => {},
  loop = new LoopDelay(),
}: DeskOptions): FastifyInstance {
  const app = Fastify({
    // Of a browser on this machine.
    requestTimeout: REQUEST_MS,
    http: { headersTimeout: REQUEST_MS, connectionsCheckingInterval: REQUEST_MS / 4 },
    clientErrorHandler: problemOptions.clientErrorHandler,
    bodyLimit: 1_000,
    forceCloseConnections: true,
  })
  const securityHeaders = Object.entries(headersFor(slidesPort))
  app.removeContentTypeParser('text/plain')
  app.addHook('onRequest', async ({ headers }, reply) => {
    for (const [name, value] of securityHeaders) reply.raw.setHeader(name, value)
    checkCaller(headers, '127.0.0.1')
  })
  app.setErrorHandler((error: Error & { status?: number; statusCode?: number }, _request, reply) => {
    const status = error.status ?? error.statusCode ?? 500
    const problem = { status, title: error.name, detail: error.message }
    return reply.code(status).type('application/problem+json').send(JSON.stringify(problem))
  })

  /** @param number of a chapter; else the one of the exercise, or that the room is at */
  function scene(number?: string): Scene {
    const people = [...board.people.values()]
    const now = board.now()
    const front = number ?? exercise?.chapter ?? chapterOf(people, now).number
    const all = written.map((chapter) => viewOf(chapter, people))
    return { view: all.find(({ chapter }) => chapter.number === front)!, all, exercise, address, now }
  }
  function draw(name: ViewName, number?: string): string {
    const drawn = scene(number)
    if (name === 'projector') return projector(drawn).text
    const stuck = stuckIn(drawn.view.chapter, board.people.values(), drawn.now, exercise)
    return instructor(drawn, stuck).text
  }

  const readers = new Set<{ name: ViewName; number?: string; show: (text: string) => void }>()
  let ticks = 0
  const tick = setInterval(() => {
    if (loop.ms > LATE_MS && ticks++ % RARELY !== 0) return
    // Drawn once, however many look at it.
    const drawn = new Map<string, string>()
    for (const { name, number, show } of readers) {
      const key = `${name} ${number}`
      const text = drawn.get(key) ?? draw(name, number)
      drawn.set(key, text)
      show(text)
    }
  }, TICK_MS)
  app.addHook('onClose', async () => {
    clearInterval(tick)
    loop.stop()
  })

  app.get<OfView>('/state', ({ query: { view, chapter } }, reply) => {
    const [name, number] = [viewNamed(view), chapterNumbered(chapter)]
    reply.hijack()
    const { raw } = reply
    raw.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    const show = (text: string) => {
      if (raw.writableLength > MAX_UNREAD_BYTES) raw.destroy()
      else raw.write(`data: ${JSON.stringify(text)}\n\n`)
    }
    show(draw(name, number))
    const reader = { name, number, show }
    readers.add(reader)
    raw.once('close', () => readers.delete(reader))
    raw.once('error', () => readers.delete(reader))
  })

  app.post('/control', async ({ body }, reply) => {
    exercise = changed(exercise, commandIn(body), board.now())
    onExercise(exercise)
    return reply.code(204).send()
  })

  app.get<OfView>('/projector', ({ query: { chapter } }, reply) =>
    reply.type(HTML).send(projectorPage(chapterNumbered(chapter))),
  )
  app.get('/', (_request, reply) => reply.type(HTML).send(instructorPage(scene().view.chapter.number)))
  for (const [path, [type, text]] of Object.entries(FILES))
    app.get(path, (_request, reply) => reply.type(type).send(text))
  app.get('/room.json', async (): Promise<RoomCard> => ({ room: ROOM }))
  app.get('/self.json', async () => {
    // What is left when its garbage is gone, where whoever has started it lets it collect that (--expose-gc).
    globalThis.gc?.()
    const { heapUsed } = process.memoryUsage()
    return { heapBytes: heapUsed, people: board.people.size, version: board.version }
  })
  app.setNotFoundHandler(({ method, url }) => {
    throw new Refusal(404, `There is no ${method} ${url}`)
  })
  return app
}

function viewNamed(name?: string): ViewName {
  const view = VIEWS.find((each) => each === name)
  if (view) return view
  throw new Refusal(404, `There is no view of that name; there are ${VIEWS.join(', ')}`)
}

function chapterNumbered(number?: string): string | undefined {
  if (number === undefined || written.some((chapter) => chapter.number === number)) return number
  throw new Refusal(404, `There is no chapter of that number; there are ${written.map((it) => it.number).join(', ')}`)
}

function commandIn(body: unknown): Command {
  if (validator.Check(body)) return body
  throw new Refusal(
    400,
    `Expected { "exercise": { "chapter", "minutes": up to ${MAX_MINUTES} } }, { "more": minutes } or { "end": true }`,
  )
}

function changed(exercise: Exercise | undefined, command: Command, now: number): Exercise | undefined {
  if ('exercise' in command) return begin(command.exercise.chapter, command.exercise.minutes, now)
  if ('end' in command) return undefined
  if (!exercise) throw new Refusal(409, 'No exercise is on: begin one first')
  return { ...exercise, endsAt: Math.max(now, exercise.endsAt) + command.more * 60_000 }
}
