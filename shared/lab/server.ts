import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { Refusal } from '../carriers/http.ts'
import { type Chapter, chapters, keyOf } from '../manifest/chapters.ts'
import { isWritten } from '../manifest/target.ts'
import { checkCaller, checkToken } from '../stage/callers.ts'
import { readCommand } from './control.ts'
import type { Lab } from './lab.ts'
import { renderReadme } from './readme.ts'
import { incidents } from '../stage/incidents/incidents.ts'
import { drawings } from '../stage/drawings/drawings.ts'
import { fileOf } from '../stage/drawings/svg.ts'
import { findSlides, withoutSlides } from './slides.ts'
import type { LabState } from './state.ts'
import type { Page } from './vite.ts'

export interface ServerOptions {
  lab: Pick<Lab, 'history' | 'subscribe' | 'control'>
  page: Pick<Page, 'serve'>
  /** That it will listen on. */
  host: string
  /** Of the deck, on this machine. */
  slidesPort: number
  /** Without which nobody steers the Lab. Default: anybody does, which is for a Lab that listens on loopback only. */
  token?: string
}

/** Nothing from elsewhere, in no frame but the deck's; styles in the page itself are Vite's and uPlot's. */
const headersFor = (slidesPort: number) => ({
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; " +
    `frame-ancestors http://127.0.0.1:${slidesPort} http://localhost:${slidesPort}`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
})

/** A reader that does not read is not waited for. */
const MAX_UNREAD_BYTES = 2_000_000

interface OfChapter {
  Params: { number: string }
}

/** @throws Refusal 404 */
function chapterOf(number: string): Chapter {
  const chapter = chapters.find((each) => each.number === number && isWritten(each))
  if (chapter) return chapter
  throw new Refusal(404, `There is no chapter ${number}; there are ${chapters.map((each) => each.number).join(', ')}`)
}

/** What the page talks to. */
export function buildServer({ lab, page, host, slidesPort, token }: ServerOptions): FastifyInstance {
  const app = Fastify({ bodyLimit: 10_000, forceCloseConnections: true })
  const securityHeaders = Object.entries(headersFor(slidesPort))
  // A form or a script of another site may send it without asking.
  app.removeContentTypeParser('text/plain')

  app.addHook('onRequest', async ({ headers }, reply) => {
    for (const [name, value] of securityHeaders) reply.raw.setHeader(name, value)
    checkCaller(headers, host)
  })
  app.setErrorHandler((error: Error & { status?: number; statusCode?: number }, _request, reply) => {
    const status = error.status ?? error.statusCode ?? 500
    const title = error instanceof Refusal ? 'Refused' : error.name
    const detail = status === 415 ? 'A command is JSON: send it with content-type: application/json' : error.message
    const problem = { status, title, detail }
    return reply.code(status).type('application/problem+json').send(JSON.stringify(problem))
  })

  app.get('/state', (request, reply) => {
    reply.hijack()
    const { raw } = reply
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }).flushHeaders()
    raw.write(`event: history\ndata: ${JSON.stringify(lab.history)}\n\n`)
    const unsubscribe = lab.subscribe((state: LabState) => {
      if (raw.writableLength > MAX_UNREAD_BYTES) raw.destroy()
      else raw.write(`data: ${JSON.stringify(state)}\n\n`)
    })
    request.raw.once('close', unsubscribe)
    raw.once('error', unsubscribe)
  })

  app.post('/control', async (request, reply) => {
    if (token !== undefined) checkToken(request.headers, token)
    await lab.control(readCommand(request.body))
    return reply.code(204).send()
  })

  app.get('/incidents', async () =>
    incidents.map(({ id, chapter, title }) => {
      const of = chapters.find(({ number }) => number === chapter)!
      return { id, chapter, title, day: of.day, key: keyOf(of) }
    }),
  )

  app.get<{ Params: { name: string } }>('/drawings/:name.svg', async ({ params: { name } }, reply) => {
    if (!Object.hasOwn(drawings, name)) throw new Refusal(404, `There is no drawing ${name}`)
    return reply.type('image/svg+xml').send(fileOf(drawings[name]!))
  })

  app.get<OfChapter>('/chapters/:number', async ({ params: { number } }) => {
    const chapter = chapterOf(number)
    return { title: chapter.title, html: renderReadme(chapter) }
  })

  app.get('/slides', (_request, reply) => toSlides(reply))
  app.get<OfChapter>('/slides/:number', ({ params: { number } }, reply) => toSlides(reply, chapterOf(number)))
  async function toSlides(reply: FastifyReply, chapter?: Chapter) {
    const address = await findSlides(slidesPort, chapter?.number)
    return address
      ? reply.redirect(address)
      : reply.code(503).type('text/html; charset=utf-8').send(withoutSlides(slidesPort))
  }

  app.setNotFoundHandler((request, reply) => {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new Refusal(404, `There is no ${request.method} ${request.url}`)
    reply.hijack()
    page.serve(request.raw, reply.raw)
  })
  return app
}
