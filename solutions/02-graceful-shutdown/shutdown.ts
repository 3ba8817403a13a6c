import type { EventEmitter } from 'node:events'
import { constants } from 'node:os'
import type { FastifyInstance } from 'fastify'
import { TimeoutError } from '../../shared/core/errors.ts'
import type { Operation } from '../../shared/core/operation.ts'
import { checkOptions, durationMs, finiteMs } from '../../shared/core/options.ts'
import { sleep } from '../../shared/core/sleep.ts'
import { trackConnections } from './connections.ts'

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

const DEFAULT_HOOK_MS = 1000

/**
 * The orderly end of a service, to be created before `app.listen`: readiness fails, the drain delay passes, streams are
 * told to end, the listener closes, requests in flight are answered, then the hooks run, the last one first. Each
 * failure is logged, and so is the report, by `app.log`. Every part has a limit, and the limits add up to `deadlineMs`.
 *
 * @throws RangeError for a limit that is negative or not finite, and for limits that leave the requests nothing
 */
export function createShutdown(
  app: FastifyInstance,
  { drainDelayMs, deadlineMs, hooks = [], exit = process.exit }: ShutdownOptions,
): Shutdown {
  checkOptions({ drainDelayMs, deadlineMs }, { drainDelayMs: finiteMs, deadlineMs: durationMs })
  for (const { timeoutMs = DEFAULT_HOOK_MS } of hooks) checkOptions({ timeoutMs }, { timeoutMs: finiteMs })
  const parts = [drainDelayMs, ...hooks.map(({ timeoutMs = DEFAULT_HOOK_MS }) => timeoutMs)]
  const requestsMs = deadlineMs - parts.reduce((sum, ms) => sum + ms)
  if (requestsMs <= 0) {
    const limits = `the drain delay and the hooks' limits together (${parts.join(' + ')} ms)`
    throw new RangeError(`deadlineMs must be more than ${limits}; got ${deadlineMs}`)
  }

  const connections = trackConnections(app.server)
  const streams = new AbortController()
  const failed = new Set<string>()
  let running: Promise<ShutdownReport> | undefined
  let signals = 0

  const fail = (name: string, err: unknown) => {
    failed.add(name)
    app.log.error({ err }, `shutdown: ${name} failed`)
  }
  // The last thing that was opened, and so the first to be closed.
  const server: ShutdownHook = {
    name: 'server',
    timeoutMs: requestsMs,
    close(signal) {
      signal.addEventListener('abort', connections.destroy)
      return app.close()
    },
  }

  async function run(reason: string): Promise<ShutdownReport> {
    const startedAt = performance.now()
    app.log.info({ reason }, 'shutdown: begins')
    connections.retire()
    await sleep(drainDelayMs)
    streams.abort(new Error(`Shutdown: ${reason}`))
    for (const { name, close, timeoutMs = DEFAULT_HOOK_MS } of [...hooks, server].toReversed()) {
      await within(timeoutMs, close).catch((error) => fail(name, error))
    }
    const exitCode = failed.size > 0 ? 1 : 0
    const elapsedMs = performance.now() - startedAt
    const report: ShutdownReport = { reason, exitCode, elapsedMs, failed: [...failed] }
    app.log.info(report, 'shutdown: over')
    exit(exitCode)
    return report
  }
  const begin = (reason: string) => (running ??= run(reason))

  const onSignal = (name: NodeJS.Signals) => {
    // Somebody stands there and presses Ctrl-C again. What began by another way is not their first.
    if (++signals > 1) return exit(128 + constants.signals[name])
    void begin(name)
  }
  // Node has unhandled rejections arrive here too, and says so in `origin`.
  const onError = (error: unknown, origin: string) => {
    fail(origin, error)
    void begin(origin)
  }
  const listeners = { SIGTERM: onSignal, SIGINT: onSignal, uncaughtException: onError }

  return {
    get ready() {
      return running === undefined
    },
    signal: streams.signal,
    begin,
    install(source = process) {
      for (const [event, listener] of Object.entries(listeners)) source.on(event, listener)
      return () => {
        for (const [event, listener] of Object.entries(listeners)) source.off(event, listener)
      }
    },
  }
}

/** Waits for `work`, but no longer than `timeoutMs`. The timer holds the process: a promise alone does not. */
async function within(timeoutMs: number, work: Operation<unknown>): Promise<void> {
  const [time, over] = [new AbortController(), new AbortController()]
  const { promise: late, reject } = Promise.withResolvers<never>()
  const onTime = () => {
    const error = new TimeoutError(`Not done after ${timeoutMs} ms`)
    reject(error)
    time.abort(error)
  }
  sleep(timeoutMs, over.signal).then(onTime, () => {})
  try {
    await Promise.race([work(time.signal), late])
  } finally {
    over.abort()
  }
}
