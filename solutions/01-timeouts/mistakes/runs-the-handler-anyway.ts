/**
 * Mistake: sends the 504 of a deadline that had passed, and lets Fastify go on while a hook still holds it.
 * Replaces: server.ts
 * Killed by: runs no handler while a hook still holds the 504
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { limitServer as correct, type ServerLimits } from '../server.ts'

export * from '../server.ts'

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

export function limitServer(app: FastifyInstance, limits: ServerLimits): void {
  const atOnce = (hook: Hook) => (request: FastifyRequest, reply: FastifyReply) =>
    Promise.race([hook(request, reply), new Promise<void>((resolve) => setImmediate(resolve))])
  const addHook = (name: 'onRequest', hook: Hook) => app.addHook(name, name === 'onRequest' ? atOnce(hook) : hook)
  const get = (target: FastifyInstance, key: keyof FastifyInstance) => (key === 'addHook' ? addHook : target[key])
  correct(new Proxy(app, { get } as ProxyHandler<FastifyInstance>), limits)
}
