import { Pool } from 'undici'
import { FAULT_KINDS, type FaultKind } from '../carriers/faults.ts'
import { CARRIER_NAMES } from '../carriers/tariffs.ts'
import { sleep } from '../core/sleep.ts'
import type { Answer } from '../stage/raw.ts'
import { until } from '../stage/until.ts'
import type { Route } from './answers.ts'
import { ask, booking, events, probe, type Question, quotes, scans, shipment } from './client.ts'
import { compare, type Scope } from './rules.ts'
import { setFault, startSubject, type Subject } from './subject.ts'

/** The service's own proportions, four times as long: a healthy carrier must never be late, on any machine. */
const LIMITS = {
  CARRIER_CONNECT_MS: '400',
  CARRIER_BODY_MS: '600',
  CARRIER_HEADERS_MS: '800',
  CARRIER_CALL_MS: '1000',
  QUOTE_DEADLINE_MS: '4000',
  HANDLER_MS: '6000',
}
/** Beyond the limit, for a slow machine: who has no answer by then has waited in vain. */
const SLACK_MS = 4000

export interface Cell {
  scope: Scope
  kind: FaultKind
  route: Route
  /** Undefined when there was none. */
  answer?: Answer
  tookMs: number
  complaints: string[]
}

/** Every fault on every route, each fault with a Parcel and carriers of its own, all at a time. */
export async function runScope(scope: Scope): Promise<{ cells: Cell[]; complaints: string[] }> {
  const rows = await Promise.all(FAULT_KINDS.map((kind) => runFault(scope, kind)))
  return { cells: rows.flatMap(({ cells }) => cells), complaints: rows.flatMap(({ complaints }) => complaints) }
}

async function runFault(scope: Scope, kind: FaultKind) {
  const subject = await startSubject(LIMITS)
  const client = new Pool(subject.origin)
  try {
    const before = await ask(client, booking('before', 'pigeon'), SLACK_MS)
    const { id } = JSON.parse(before.body)
    await breakCarriers(subject, scope, kind)
    const questions = [quotes, booking('during', 'pigeon'), shipment(id), events(id), scans('pelican-1', 10)]
    const probes = (['livez', 'readyz', 'metrics'] as const).map(probe)
    const cells = await Promise.all(
      [...questions, ...probes].map((question) => runCell(client, question, { scope, kind, subject })),
    )
    const complaints = await afterwards(subject, client)
    return { cells, complaints: complaints.map((complaint) => `${scope}, ${kind}: ${complaint}`) }
  } finally {
    await client.destroy()
    await subject.close()
  }
}

async function breakCarriers({ fleet }: Subject, scope: Scope, kind: FaultKind): Promise<void> {
  // It shall not get well by itself while we look.
  const fault = kind === 'stuck-after-half-open' ? { kind, failMs: 3_600_000 } : { kind }
  const names = scope === 'all carriers' ? CARRIER_NAMES : ['pigeon']
  await Promise.all(names.map((name) => setFault(fleet, name, fault, scope === 'one replica' ? 0 : undefined)))
}

async function runCell(client: Pool, question: Question, where: { scope: Scope; kind: FaultKind; subject: Subject }) {
  const { subject, scope, kind } = where
  const { route } = question
  const { QUOTE_DEADLINE_MS, HANDLER_MS } = subject.config
  const startedAt = performance.now()
  const cell = { scope, kind, route }
  const tookMs = () => performance.now() - startedAt
  try {
    const patienceMs = (route === 'GET /quotes' ? QUOTE_DEADLINE_MS : HANDLER_MS) + SLACK_MS
    const answer = await ask(client, question, patienceMs)
    return { ...cell, answer, tookMs: tookMs(), complaints: compare(answer, cell) }
  } catch (error) {
    return { ...cell, tookMs: tookMs(), complaints: [`no answer: ${(error as Error).message}`] }
  }
}

/** What has to hold when the fault is over. */
async function afterwards(subject: Subject, client: Pool): Promise<string[]> {
  const complaints: string[] = []
  const isQuiet = await until(async () => (await subject.inFlight()) === 0, SLACK_MS)
  if (!isQuiet) complaints.push(`${await subject.inFlight()} requests still in flight`)
  for (const name of CARRIER_NAMES) await setFault(subject.fleet, name, null)
  // The same key again, whatever became of it under the fault, and for as long as a breaker's Retry-After says.
  const again = () => ask(client, booking('during', 'pigeon'), subject.config.HANDLER_MS + SLACK_MS)
  let answer = await again()
  for (let round = 0; round < 3 && answer.status === 503; round++) {
    await sleep(Number(answer.headers['retry-after']) * 1000)
    answer = await again()
  }
  if (answer.status !== 201) complaints.push(`a booking after the fault got ${answer.status}: ${answer.body}`)
  const booked = subject.fleet.stats().reduce((sum, { bookings }) => sum + bookings, 0)
  if (booked !== 2) complaints.push(`two keys have made ${booked} bookings`)
  return [...complaints, ...subject.errors]
}
