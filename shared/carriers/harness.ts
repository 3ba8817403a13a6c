import { Agent, type Dispatcher, request } from 'undici'
import { onTestFinished } from 'vitest'
import { type Fleet, type FleetOptions, startFleet } from './fleet.ts'

/** Everybody answers at once. */
export const INSTANT = [{ percent: 100, ms: 0 }]

export const PARCEL = { from: 'Oslo', to: 'Rome', grams: 750 }
export const QUOTE = `/quotes?${new URLSearchParams({ ...PARCEL, grams: String(PARCEL.grams) })}`

/** A fleet for the length of a test, and a raw client that shows what a caller sees. Both end with the test. */
export async function openFleet(options?: FleetOptions, clientOptions?: Agent.Options) {
  const fleet: Fleet = await startFleet({ latency: INSTANT, ...options })
  const client = new Agent(clientOptions)
  onTestFinished(async () => {
    await Promise.all([client.destroy(), fleet.close()])
  })
  const originOf = (name: string, replica = 0) =>
    fleet.carriers.find((carrier) => carrier.name === name)?.replicas[replica] ?? `no ${name}/${replica}`
  const statsOf = (name: string, replica = 0) => {
    const stats = fleet.stats().find((carrier) => carrier.name === name)?.replicas[replica]
    if (!stats) throw new Error(`no ${name}/${replica}`)
    return stats
  }
  const call = (path: string, init: CallInit = {}) => {
    const { carrier = 'pigeon', replica = 0, json, ...options } = init
    const body = json === undefined ? options.body : JSON.stringify(json)
    return request(originOf(carrier, replica) + path, { dispatcher: client, ...options, body })
  }
  /** A call with its body read; the body is not JSON when it says otherwise. */
  const fetchJson = async (path: string, init?: CallInit) => {
    const { statusCode, headers, body } = await call(path, init)
    return { status: statusCode, headers, body: (await body.json()) as any }
  }
  const book = (key?: string, init?: CallInit) => {
    const headers = { ...init?.headers, ...(key && { 'idempotency-key': key }) }
    return fetchJson('/bookings', { method: 'POST', json: PARCEL, ...init, headers })
  }
  return { fleet, client, originOf, statsOf, call, fetchJson, book }
}

interface CallInit {
  carrier?: string
  replica?: number
  method?: Dispatcher.HttpMethod
  headers?: Record<string, string>
  body?: string
  json?: unknown
  signal?: AbortSignal
}
