/**
 * Replaces: shutdown.ts
 *
 * A class, its state a union, a timer for the whole beside those for the parts, and two listeners for errors.
 */
import type { EventEmitter } from 'node:events'
import { constants } from 'node:os'
import type { FastifyInstance } from 'fastify'
import { type Connections, trackConnections } from '../connections.ts'
import type { Shutdown, ShutdownHook, ShutdownOptions, ShutdownReport } from '../shutdown.ts'

export * from '../shutdown.ts'

type State = { kind: 'serving' } | { kind: 'ending'; reason: string; report: Promise<ShutdownReport> }

class Ending implements Shutdown {
  readonly #app: FastifyInstance
  readonly #options: Required<ShutdownOptions>
  readonly #requestsMs: number
  readonly #connections: Connections
  readonly #streams = new AbortController()
  readonly #failed = new Set<string>()
  #state: State = { kind: 'serving' }
  #signalled = false

  constructor(app: FastifyInstance, options: Required<ShutdownOptions>) {
    const { drainDelayMs, deadlineMs, hooks } = options
    this.#app = app
    this.#options = options
    this.#requestsMs = hooks.reduce((left, { timeoutMs = 1_000 }) => left - timeoutMs, deadlineMs - drainDelayMs)
    const limits = { drainDelayMs, deadlineMs, timeoutMs: 0 }
    for (const { timeoutMs = 1_000 } of [{}, ...hooks] as ShutdownHook[])
      for (const [name, ms] of Object.entries({ ...limits, timeoutMs }))
        if (!Number.isFinite(ms) || ms < 0 || ms >= 2 ** 31) throw new RangeError(`${name}: ${ms}`)
    if (this.#requestsMs <= 0) throw new RangeError(`deadlineMs: ${deadlineMs}`)
    this.#connections = trackConnections(app.server)
  }

  get ready() {
    return this.#state.kind === 'serving'
  }

  get signal() {
    return this.#streams.signal
  }

  begin(reason: string): Promise<ShutdownReport> {
    if (this.#state.kind === 'serving') {
      this.#connections.retire()
      this.#state = { kind: 'ending', reason, report: this.#end(reason) }
    }
    return this.#state.report
  }

  install(source: EventEmitter = process) {
    const onSignal = (name: NodeJS.Signals) => {
      if (this.#signalled) this.#options.exit(128 + constants.signals[name])
      this.#signalled = true
      void this.begin(name)
    }
    const onError = (error: unknown) => this.#fail('uncaughtException', error)
    const onRejection = (error: unknown) => this.#fail('unhandledRejection', error)
    source.on('SIGTERM', onSignal).on('SIGINT', onSignal)
    source.on('uncaughtException', onError).on('unhandledRejection', onRejection)
    return () => {
      source.off('SIGTERM', onSignal).off('SIGINT', onSignal)
      source.off('uncaughtException', onError).off('unhandledRejection', onRejection)
    }
  }

  #fail(name: string, err: unknown) {
    this.#failed.add(name)
    this.#app.log.error({ err }, `${name} while ${this.#state.kind}`)
    void this.begin(name)
  }

  async #end(reason: string): Promise<ShutdownReport> {
    const startedAt = performance.now()
    await this.#part('shutdown', this.#options.deadlineMs, () => this.#parts())
    const exitCode = this.#failed.size === 0 ? 0 : 1
    const report: ShutdownReport = {
      reason,
      exitCode,
      elapsedMs: performance.now() - startedAt,
      failed: [...this.#failed],
    }
    this.#app.log.warn(report, 'goodbye')
    this.#options.exit(exitCode)
    return report
  }

  async #parts() {
    const { drainDelayMs, hooks } = this.#options
    if (drainDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, drainDelayMs))
    this.#streams.abort()
    await this.#part('server', this.#requestsMs, async (signal) => {
      signal.addEventListener('abort', () => this.#connections.destroy())
      await this.#app.close()
    })
    for (let i = hooks.length - 1; i >= 0; i--) {
      const { name, close, timeoutMs = 1_000 } = hooks[i]!
      await this.#part(name, timeoutMs, close)
    }
  }

  #part(name: string, timeoutMs: number, close: ShutdownHook['close']): Promise<void> {
    const over = new AbortController()
    return new Promise((resolve) => {
      const end = (error?: unknown) => {
        clearTimeout(timer)
        if (error) this.#fail(name, error)
        resolve()
      }
      const timer = setTimeout(() => {
        const error = new Error(`${name} took more than ${timeoutMs} ms`)
        over.abort(error)
        end(error)
      }, timeoutMs)
      new Promise((settle) => settle(close(over.signal))).then(() => end(), end)
    })
  }
}

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const { hooks = [], exit = process.exit } = options
  return new Ending(app, { ...options, hooks, exit })
}
