import type { Deadline } from './deadline.ts'

// What the chapters add to Fastify, declared once for the exercise and the solution.
declare module 'fastify' {
  interface FastifyRequest {
    /** When the answer is no longer wanted: the caller's deadline, or the server's own limit, whichever is earlier. */
    deadline: Deadline
    /** Aborts when the caller hangs up or the handler's time is up; never on a normal end. */
    abortSignal: AbortSignal
  }
  interface FastifyContextConfig {
    /** Milliseconds for this route's handler instead of the server's; `Infinity` for a stream that may live longer. */
    handlerMs?: number
    /** Of chapter 07: what a request of this route takes of its client's limit; 0 for nothing. Default: 1. */
    cost?: number
    /** How urgent this route is, from 0, the most, to 7 (chapter 08); `null` for what is never refused. Default: 3. */
    urgency?: number | null
  }
}
