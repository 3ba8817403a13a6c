/**
 * Mistake: says 504 while a hook still holds the handler's answer, which then goes out under that status.
 * Replaces: server.ts
 * Killed by: never sends its own status with the body of another answer
 */
import type { FastifyInstance } from 'fastify'
import { limitServer as correct, type ServerLimits } from '../server.ts'

export * from '../server.ts'

export function limitServer(app: FastifyInstance, limits: ServerLimits): void {
  const addHook = (name: string, hook: never) => (name === 'onSend' ? app : app.addHook(name as 'onRequest', hook))
  const get = (target: FastifyInstance, key: keyof FastifyInstance) => (key === 'addHook' ? addHook : target[key])
  correct(new Proxy(app, { get } as ProxyHandler<FastifyInstance>), limits)
}
