import { readFile } from 'node:fs/promises'
import { Counter } from 'prom-client'
import type { FastifyInstance } from 'fastify'
import { Dimmer } from '#chapters/09-graceful-degradation/dimmer.ts'
import { type Extra, Extras } from '#chapters/09-graceful-degradation/extras.ts'
import { type Flag, Flags } from '#chapters/09-graceful-degradation/flags.ts'
import type { Operation } from '../core/operation.ts'
import type { Config } from './config.ts'
import { gaugesIn, type Metrics } from './metrics.ts'

/** The dearest to customers first. Off, unless a file of flags says otherwise: each costs carriers a call. */
const EXTRAS: Record<string, Flag> = { room: 'off' }
const REREAD_MS = 1000

/** Runs an extra, if it is on and there is power for it. */
export type RunExtra = <T>(name: string, operation: Operation<T>, signal: AbortSignal) => Promise<Extra<T>>

/** The extras of chapter 09: switched by FLAGS_FILE, and where that says auto, by how busy the event loop is. */
export function createExtras(
  app: FastifyInstance,
  { FLAGS_FILE, QUOTE_EXTRA_MS }: Pick<Config, 'FLAGS_FILE' | 'QUOTE_EXTRA_MS'>,
  { registry }: Pick<Metrics, 'registry'>,
): RunExtra {
  // Nobody has asked for any: then it does not matter either how yours are written.
  if (FLAGS_FILE === null) return async () => ({ status: 'off' })
  const flags = new Flags(EXTRAS)
  const dimmer = new Dimmer({ pressure: loopPressure(), extras: Object.keys(EXTRAS) })
  const extras = new Extras({
    flagOf: (name) => flags.of(name),
    allows: (name) => dimmer.allows(name),
    limitMs: QUOTE_EXTRA_MS,
  })
  gaugesIn(registry)(
    'parcel_brightness',
    'Share of the extras that are on at auto, from 0 to 1: less when the event loop is busy',
    () => dimmer.brightness,
  )
  const counted = new Counter({
    name: 'parcel_extras_total',
    help: 'Extras by what became of them: given, off, dimmed, late or failed',
    labelNames: ['extra', 'status'],
    registers: [registry],
  })
  follow(app, FLAGS_FILE, flags)
  return async (name, operation, signal) => {
    const extra = await extras.run(name, operation, signal)
    counted.inc({ extra: name, status: extra.status })
    return extra
  }
}

/** Of the time since it was asked last, how much the event loop has worked. */
function loopPressure(): () => number {
  let last = performance.eventLoopUtilization()
  return () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, last)
    last = now
    return utilization
  }
}

/**
 * Keeps the flags as the file has them. What cannot be read, or makes no sense, changes nothing: the last good ones stay. Not by
 * watching it: a ConfigMap is a chain of links, of which none is written to.
 */
function follow(app: FastifyInstance, path: string, flags: Flags): void {
  let told: string | undefined
  let text: string | undefined
  const look = async () => {
    try {
      const next = await readFile(path, 'utf8')
      if (next === text) return
      flags.update(JSON.parse(next))
      text = next
      told = undefined
      app.log.info({ flags: JSON.parse(next) }, 'the flags are')
    } catch (error) {
      const reason = (error as Error).message
      if (reason !== told) app.log.warn({ FLAGS_FILE: path, reason }, 'no flags: the last good ones stay')
      told = reason
      text = undefined
    }
  }
  let timer: NodeJS.Timeout
  const lookOn = async () => {
    await look()
    timer = setTimeout(lookOn, REREAD_MS).unref()
  }
  // Before the first request.
  app.addHook('onReady', lookOn)
  app.addHook('onClose', async () => clearTimeout(timer))
}
