import * as fc from 'fast-check'
import { type Answer, bytesOf, type Heard, type Request, say } from '../stage/raw.ts'
import { until } from '../stage/until.ts'
import { problemComplaints } from './answers.ts'
import { GOOD, INPUTS } from './requests.ts'
import { startSubject, type Subject } from './subject.ts'

/** The carriers are well and may take all the time they need, so whatever fails is Parcel's; its own callers may not. */
const LIMITS = {
  CARRIER_CONNECT_MS: '50000',
  CARRIER_BODY_MS: '50000',
  CARRIER_HEADERS_MS: '50000',
  CARRIER_CALL_MS: '51000',
  QUOTE_DEADLINE_MS: '52000',
  HANDLER_MS: '53000',
  SHUTDOWN_MS: '100000',
  BODY_CHUNK_MS: '200',
  HEADERS_MS: '400',
  REQUEST_MS: '800',
  // Nobody asks too often, and everybody is looked at: who is it, and what is left?
  CLIENT_RATE: '1000000',
  API_KEYS: 'web=sk-web',
  TRUSTED_PROXIES: '127.0.0.0/8',
}
/** Of what has no limit. */
const FREE = /^\w+ \/(livez|readyz|metrics)\b/
const PATIENCE_MS = 60_000

/** What is wrong with the answers to one input. */
export async function judge(
  { origin, errors }: Subject,
  input: Request | string,
  count: (status: number) => void,
): Promise<string[]> {
  const port = Number(new URL(origin).port)
  const isRaw = typeof input === 'string'
  const bytes = isRaw ? { text: input, wanted: 9, ends: true } : { text: bytesOf(input), cuts: input.cuts }
  const heard = await say(port, bytes, PATIENCE_MS)
  const mayBeLate = !isRaw && input.headers.some((line) => /^deadline-ms: *\d{1,4} *$/.test(line))
  const complaints = heard.answers.flatMap((answer) => {
    count(answer.status)
    const isHead = bytes.text.startsWith('HEAD ')
    const isOurs = answer.status >= 500 && !(answer.status === 504 && mayBeLate)
    return [
      ...(isOurs ? [`${answer.status} ${answer.body}`] : []),
      ...(answer.status >= 400 && !isHead ? problemComplaints(answer) : []),
      ...(!isRaw && ANSWERED.has(answer.status) && !FREE.test(bytes.text) ? limitComplaints(answer) : []),
    ]
  })
  complaints.push(...endingComplaints(heard, isRaw), ...errors.splice(0))
  return complaints
}

/** Parcel's own parts have seen the request: what Node or Fastify refuse as no HTTP has met no limit. */
const ANSWERED = new Set([200, 201, 415])

const limitComplaints = ({ status, headers }: Answer) =>
  /^"client";r=\d+;t=\d+$/.test(String(headers.ratelimit)) ? [] : [`${status} with RateLimit: ${headers.ratelimit}`]

function endingComplaints({ answers, rest, ending }: Heard, isRaw: boolean): string[] {
  const complaints: string[] = []
  if (ending === 'patience') complaints.push('the connection hangs')
  if (!isRaw && answers.length !== 1)
    complaints.push(`${answers.length} answers, then ${ending}: ${rest.slice(0, 200)}`)
  if (/HTTP\/1\.1 [45]/.test(rest)) complaints.push(`a status line in the middle of an answer: ${rest.slice(-300)}`)
  return complaints
}

export interface FuzzResult {
  name: string
  runs: number
  /** How often each was answered: a fuzz that never gets in proves little. */
  statuses: Record<string, number>
  complaints: string[]
}

const explain = ({
  counterexample,
  errorInstance,
  seed,
  counterexamplePath,
}: fc.RunDetailsCommon<[Request | string]>) =>
  `${(errorInstance as Error).message}\nfor ${JSON.stringify(counterexample)} (seed ${seed}, path ${counterexamplePath})`

/** Sends inputs of one kind, one after the other, until one is answered as it should not be; shrinks that one. */
export async function fuzz(name: string, runs: number, seed: number, limitMs = Infinity): Promise<FuzzResult> {
  const subject = await startSubject(LIMITS, { statusMs: 3_600_000 })
  const port = Number(new URL(subject.origin).port)
  const statuses: Record<string, number> = {}
  try {
    const order = { carrier: 'pigeon', from: 'Lisbon', to: 'Oslo', grams: 1200 }
    const good = { headers: ['content-type: application/json', 'idempotency-key: first'], body: JSON.stringify(order) }
    await say(port, { text: bytesOf({ method: 'POST', path: '/shipments', ...good, lie: 0, cuts: [] }) }, PATIENCE_MS)
    const property = fc.asyncProperty(INPUTS[name]!, async (input) => {
      const complaints = await judge(subject, input, (status) => (statuses[status] = (statuses[status] ?? 0) + 1))
      if (complaints.length > 0) throw new Error(complaints.join('\n'))
    })
    const limit = limitMs < Infinity ? { interruptAfterTimeLimit: limitMs } : {}
    const details = await fc.check(property, { numRuns: runs, seed, ...limit })
    const complaints = details.failed && details.counterexample ? [explain(details)] : []
    const { answers } = await say(port, { text: GOOD }, PATIENCE_MS)
    if (answers[0]?.status !== 200) complaints.push(`a good request afterwards got ${JSON.stringify(answers[0])}`)
    const isQuiet = await until(async () => (await subject.inFlight()) === 0, PATIENCE_MS)
    if (!isQuiet) complaints.push(`${await subject.inFlight()} requests are still in flight`)
    return { name, runs: details.numRuns, statuses, complaints }
  } finally {
    await subject.close()
  }
}
