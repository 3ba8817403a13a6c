import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { answerRaw, Problem } from './problems.ts'

/** Further options for Fastify's `http`: a request without a Host gets an answer of ours. */
export const httpOptions = { requireHostHeader: false }

/** What HTTP itself wants of a server, and neither Node nor Fastify does: RFC 9110, and 9112 for its version 1.1. */
export function keepToHttp(app: FastifyInstance): void {
  const methodsOf = collectMethods(app)

  // Node would answer the one with a status and nothing else, and the other not at all.
  app.server.on('checkExpectation', (...exchange) => app.server.emit('request', ...exchange))
  app.server.on('connect', (_request, socket) => {
    const headers = { allow: methodsOf('*').join(', ') }
    answerRaw(socket, new Problem(405, 'We are no proxy: there is nobody to CONNECT to', { headers }))
  })

  app.addHook('onRequest', ({ raw, headers, method, url, is404 }, reply, done) => {
    checkHost(raw)
    const { expect } = headers
    if (expect && expect.toLowerCase() !== '100-continue')
      throw new Problem(417, `We cannot meet the expectation ${expect}`)
    if (!is404) return done()
    const allow = methodsOf(url.replace(/\?.*/, '')).join(', ')
    if (!allow) throw new Problem(404, `There is no ${method} ${url}`)
    if (method === 'OPTIONS') return void reply.code(204).header('allow', allow).send()
    throw new Problem(405, `There is no ${method} ${url}, but ${allow}`, { headers: { allow } })
  })
}

/** RFC 9112, section 3.2. Of two, Node would take the first, and a proxy in front perhaps the last. */
function checkHost({ rawHeaders, httpVersion }: IncomingMessage): void {
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]!.toLowerCase() === 'host') hosts++
  if (hosts > 1) throw new Problem(400, 'There are several Host headers')
  if (hosts === 0 && httpVersion === '1.1') throw new Problem(400, 'HTTP/1.1 wants a Host header')
}

/** The methods that the routes of a path have, none where there is no route; of `*`, those of all. */
function collectMethods(app: FastifyInstance): (path: string) => string[] {
  const routes: { pattern: RegExp; methods: string[] }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    routes.push({ pattern: new RegExp(`^${url.replaceAll(/:\w+/g, '[^/]+')}$`), methods: [method].flat() })
  })
  return (path) => {
    const methods = routes.filter(({ pattern }) => path === '*' || pattern.test(path)).flatMap(({ methods }) => methods)
    return methods.length > 0 ? [...new Set(methods).add('OPTIONS')] : []
  }
}
