import { fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '../core/random.ts'
import { childEnvironment } from '../service/environment.ts'
import { formatNumber } from '../stage/incidents/format.ts'
import type { Figures } from '../stage/incidents/grade.ts'
import { scripts } from '../stage/incidents/scripts.ts'
import { type Bound, linesOf, type NumberName, numbers } from '../stage/incidents/lines.ts'
import { ALL, type Solved, startedOn } from '../stage/solved.ts'
import { percent } from '../stage/table.ts'
import { tradeOf } from './trades.ts'

/** One more chapter is solved: an incident must be no worse for it. */
export interface Addition {
  to: Solved
  chapter: string
  incident: string
  /** Why it was tried. */
  kind: 'alone' | 'prefix' | 'all but one' | 'pair' | 'drawn'
}

/** What a child sends of each incident that it has played. */
export interface Message {
  incident: string
  figures: Figures
  crash?: string[]
}

export interface SetsOptions {
  seed: number
  /** Additions drawn by lot, beside those that are tried anyway. */
  draws: number
  /** Healthy traffic only, and no pairs: for CI. */
  short?: boolean
  onSet?: (name: string, done: number, of: number) => void
}

export interface SetsResult {
  additions: Addition[]
  /** By set, as in `nameOf`, and incident. */
  figures: Record<string, Record<string, Figures>>
  complaints: string[]
}

export const HEALTHY = 'healthy'
const HEALTHY_LEAST = 0.99

/** Those for which virtual time will do. Who is killed is a process, and what it leaves is on a disk: that is for the proof crash. */
export const PLAYED = scripts.filter(({ acts }) => acts.every(({ what }) => !('kill' in what)))
const isPlayed = (incident: string) => PLAYED.some(({ id }) => id === incident)

export const nameOf = (solved: Solved): string => (solved.length > 0 ? solved.join(' ') : 'none')
export const plus = ({ to, chapter }: Pick<Addition, 'to' | 'chapter'>): Solved => [...to, chapter].toSorted()

/**
 * What chance may do to a number between two runs that differ in who draws when, though time is virtual and the seed is
 * the same: of 320 requests, a p99 is the third slowest; and of 300 that are served three times of four, the shares of two
 * runs are twenty apart one time in twenty (twice the standard deviation of their difference).
 */
const NOISE: Record<(typeof numbers)[NumberName]['unit'], (value: number) => number> = {
  share: (share) => 0.01 + 0.32 * share * (1 - share),
  ms: (ms) => 30 + 0.1 * ms,
  times: () => 0.05,
  count: () => 1,
  s: () => 1,
}

/** Which additions are tried. All that the rest would show are combinations of these, but for the draws' surprises. */
export function additionsOf({ seed, draws, short = false }: SetsOptions, chapters: Solved = ALL): Addition[] {
  const but = (chapter: string) => chapters.filter((each) => each !== chapter)
  const own = (kind: Addition['kind'], to: Solved, chapter: string): Addition => ({
    kind,
    to,
    chapter,
    incident: chapter,
  })
  const pairs = chapters.flatMap((first) =>
    but(first).flatMap((chapter): Addition[] => [
      own('pair', [first], chapter),
      { ...own('pair', [first], chapter), incident: first },
    ]),
  )
  const random = seededRandom(seed)
  const oneOf = <T>(all: readonly T[]) => all[Math.floor(random() * all.length)]!
  const drawn = Array.from({ length: draws }, (): Addition => {
    const chapter = oneOf(chapters)
    const to = but(chapter).filter(() => random() < 0.5)
    return { kind: 'drawn', to, chapter, incident: oneOf(PLAYED).id }
  })
  return [
    ...chapters.map((chapter) => own('alone', [], chapter)),
    ...chapters.slice(1).map((chapter, i) => own('prefix', chapters.slice(0, i + 1), chapter)),
    ...chapters.map((chapter) => own('all but one', but(chapter), chapter)),
    ...(short ? [] : [...pairs, ...drawn]),
  ]
}

/** Starts a Parcel on every set that is needed, as many at a time as there are processors. */
export async function sets(options: SetsOptions): Promise<SetsResult> {
  const additions = additionsOf(options)
  const needed = new Map<string, { solved: Solved; ids: Set<string> }>()
  for (const addition of additions) {
    for (const solved of [addition.to, plus(addition)]) {
      const each = needed.get(nameOf(solved)) ?? { solved, ids: new Set([HEALTHY]) }
      needed.set(nameOf(solved), each)
      // A chapter need not have one.
      if (!options.short && isPlayed(addition.incident)) each.ids.add(addition.incident)
    }
  }
  const result: SetsResult = { additions, figures: {}, complaints: [] }
  const waiting = [...needed.values()]
  let done = 0
  const work = async () => {
    for (let next; (next = waiting.shift());) {
      const { solved, ids } = next
      const messages = await playAll(solved, [...ids], options.seed)
      const name = nameOf(solved)
      result.figures[name] = byIncident(messages)
      result.complaints.push(...complaintsAbout(name, messages, ids))
      options.onSet?.(name, ++done, needed.size)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  if (!options.short)
    for (const addition of additions)
      result.complaints.push(...(await worsenedTwice(addition, result.figures, options.seed)))
  return result
}

/** Of some hundred comparisons chance makes a few worse: what looks worse is played with another seed, and is if it is again. */
async function worsenedTwice(addition: Addition, figures: SetsResult['figures'], seed: number): Promise<string[]> {
  const complaints = worsenedBy(addition, figures)
  if (complaints.length === 0) return []
  const { to, incident } = addition
  const again = [to, plus(addition)].map(async (solved) => {
    const messages = await playAll(solved, [incident], seed + 1)
    return [nameOf(solved), byIncident(messages)] as const
  })
  const confirmed = worsenedBy(addition, Object.fromEntries(await Promise.all(again)))
  return confirmed.length > 0 ? complaints : []
}

const byIncident = (messages: Message[]) =>
  Object.fromEntries(messages.map(({ incident, figures }) => [incident, figures]))

const program = fileURLToPath(new URL('sets-process.ts', import.meta.url))
const NODE_COMPILE_CACHE = fileURLToPath(new URL('../../.workshop/compiled', import.meta.url))
/** For one incident, on a machine that has other things to do. */
const LIMIT_MS = 120_000

/** @returns what it has sent until it ended, be it by itself or because it took too long */
async function playAll(solved: Solved, ids: string[], seed: number): Promise<Message[]> {
  const { args, env } = startedOn(solved)
  const child = fork(program, [String(seed), ...ids], {
    // Short lives: little would be left for a collection to find.
    execArgv: ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=64', ...args],
    env: childEnvironment({ ...env, NODE_COMPILE_CACHE }),
    timeout: LIMIT_MS * ids.length,
    // For `Infinity`, which JSON does not know.
    serialization: 'advanced',
  })
  const messages: Message[] = []
  child.on('message', (message: Message) => messages.push(message))
  await once(child, 'exit')
  return messages
}

function complaintsAbout(name: string, messages: Message[], ids: Set<string>): string[] {
  const complaints = messages.flatMap(({ incident, crash }) =>
    crash ? [`${name}: its Parcel died at ${incident}: ${crash[0]}`] : [],
  )
  const missing = [...ids].filter((id) => messages.every(({ incident }) => incident !== id))
  if (missing.length > 0) complaints.push(`${name}: ${missing.join(', ')} did not come to an end`)
  const full = messages.find(({ incident }) => incident === HEALTHY)?.figures.full ?? 0
  if (full < HEALTHY_LEAST) complaints.push(`${name}: ${percent(full)} of healthy traffic get a full answer`)
  return complaints
}

/** No line that held breaks, and no number that misses its line moves further from it. */
export function worsenedBy(addition: Addition, figures: SetsResult['figures']): string[] {
  const before = figures[nameOf(addition.to)]?.[addition.incident]
  const after = figures[nameOf(plus(addition))]?.[addition.incident]
  // That it did not come to an end has been said.
  if (!before || !after) return []
  return linesOf(addition.incident).flatMap(([name, bound]) => {
    const was = missOf(before[name], bound)
    const is = missOf(after[name], bound)
    if (is <= was + NOISE[numbers[name].unit](before[name]) || tradeOf(addition, name)) return []
    const change = `${formatNumber(name, before[name])} becomes ${formatNumber(name, after[name])}`
    return [
      `${addition.chapter} on top of ${nameOf(addition.to)}, incident ${addition.incident}: ${numbers[name].title}: ${change}`,
    ]
  })
}

/** By how much a value misses its line; 0 when it holds. */
function missOf(value: number, bound: Bound): number {
  return Math.max(0, 'atLeast' in bound ? bound.atLeast - value : value - bound.atMost)
}
