import type { FastifyInstance } from 'fastify'

/** Something to close on the way out: a pool, a worker, a log. */
export interface ShutdownHook {
  name: string
  close: () => Promise<unknown>
}

export interface ShutdownOptions {
  /** Milliseconds to go on serving after readiness has failed, for the balancer to notice. */
  drainDelayMs: number
  /** Milliseconds for all of the shutdown, after which the process exits whatever is left. */
  deadlineMs: number
  /** In the order in which the service opened them. */
  hooks?: ShutdownHook[]
  exit?: (code: number) => void
}

export interface Shutdown {
  /** False from the first moment of a shutdown on: what `/readyz` answers by. */
  readonly ready: boolean
  /** Aborts when streams should end. */
  readonly signal: AbortSignal
  begin(reason: string): Promise<void>
  /** Listens for SIGTERM and SIGINT; the function returned stops listening. */
  install(): () => void
}

// The naive form: everybody has shipped this one.
export function createShutdown(_app: FastifyInstance, { exit = process.exit }: ShutdownOptions): Shutdown {
  const begin = async (_reason: string) => exit(0)
  return {
    ready: true,
    signal: new AbortController().signal,
    begin,
    install() {
      process.on('SIGTERM', () => begin('SIGTERM'))
      process.on('SIGINT', () => begin('SIGINT'))
      return () => {}
    },
  }
}
