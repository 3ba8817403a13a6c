import { createServer, type IncomingMessage } from 'node:http'
import { type Fault, FAULT_KINDS, readFault } from './faults.ts'
import { type Answer, answerOf, json, listen, readBody, Refusal, sendHead, stop } from './http.ts'
import type { ReplicaStats } from './replica.ts'
import { CARRIER_NAMES, type CarrierName } from './tariffs.ts'

export interface CarrierStats {
  name: CarrierName
  /** Distinct bookings, over all replicas. */
  bookings: number
  replicas: ReplicaStats[]
}

/** What the admin server switches. */
export interface Controls {
  /**
   * `null` is healthy; without `replica` (0 or 1) it is for both. Resolves once new requests meet the fault.
   * Rejects with a RangeError for a carrier, replica or fault that does not exist.
   */
  setFault(carrier: string, fault: Fault | null, replica?: number): Promise<void>
  stats(): CarrierStats[]
  /**
   * All as at the start: healthy, nothing counted, nothing booked, the same draws again; or those of another seed, an
   * integer. Rejects with a RangeError for one that is none.
   */
  reset(seed?: number): Promise<void>
}

const ROUTES =
  'GET /, PUT or DELETE /carriers/:name/fault (?replica=0 for one replica), POST /reset (?seed=7 for other draws)'
const ACCEPTS = { carriers: CARRIER_NAMES, faults: FAULT_KINDS, routes: ROUTES }

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]'])
const isLoopback = (url: string): boolean => LOOPBACK.has(URL.parse(url)?.hostname ?? '')

/** A page of another site can make a browser call this port, by a name of its own that it points at 127.0.0.1. */
function checkCaller({ host, origin }: IncomingMessage['headers']): void {
  if (isLoopback(`http://${host}`) && (origin === undefined || isLoopback(origin))) return
  throw new Refusal(403, `only for callers on this machine: use http://127.0.0.1, not ${origin ?? host}`)
}

async function administer(request: IncomingMessage, controls: Controls): Promise<Answer> {
  const { method, url = '/', headers } = request
  checkCaller(headers)
  const { pathname, searchParams } = URL.parse(url, 'http://admin') ?? new URL('http://admin')
  const name = /^\/carriers\/([^/]+)\/fault$/.exec(pathname)?.[1]

  if (name && (method === 'PUT' || method === 'DELETE')) {
    const replica = searchParams.get('replica')
    const fault = method === 'PUT' ? readFault(await readBody(request)) : null
    await controls.setFault(name, fault, replica === null ? undefined : Number(replica || NaN))
    return json(
      200,
      controls.stats().find((carrier) => carrier.name === name),
    )
  }
  if (method === 'POST' && pathname === '/reset') {
    const seed = searchParams.get('seed')
    if (seed !== null && !/^\d{1,9}$/.test(seed)) throw new Refusal(400, `seed: expected a whole number, got '${seed}'`)
    await controls.reset(seed === null ? undefined : Number(seed))
  } else if (method !== 'GET' || pathname !== '/') throw new Refusal(404, `no ${method} ${pathname}; try ${ROUTES}`)
  return json(200, { carriers: controls.stats(), accepts: ACCEPTS })
}

/** Switches faults from outside of the process, for instance by `curl -X PUT -d blackhole …/carriers/pigeon/fault`. */
export async function startAdmin(controls: Controls, host: string) {
  const server = createServer(async (request, response) => {
    const failed = ({ message }: Error) => json(500, { error: message })
    const answer = await answerOf(() => administer(request, controls)).catch(failed)
    sendHead(response, answer)
    response.end(answer.body)
  })
  return { origin: await listen(server, host, 0), close: () => stop(server) }
}
