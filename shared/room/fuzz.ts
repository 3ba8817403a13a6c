import * as fc from 'fast-check'
import { chapters } from '../manifest/chapters.ts'
import { cuts, encode, header, method, nearly, target, text, utf8 } from '../stage/odd.ts'
import { bytesOf, type Heard, type Request, say } from '../stage/raw.ts'
import { Board } from './board.ts'
import { buildDesk } from './desk.ts'
import { buildFront } from './front.ts'
import { membershipFor, pathOf } from './membership.ts'
import { newCode } from './session.ts'

const PATIENCE_MS = 30_000
const CODE = newCode()
const to = membershipFor(`http://127.0.0.1/${CODE}`, '')
/** A few laptops, so that what one has told meets what another one tells. */
const ids = Array.from({ length: 5 }, () => membershipFor(`http://127.0.0.1/${CODE}`, '').id)
/** Whoever asks too often is refused, and a fuzz that never gets in proves little. */
const OFTEN = { perSecond: 1e6, burst: 1e6 }

const value: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(1e300, -1, 0.5, null),
)
/** There are many fields, and one that is wrong is enough. */
const rightly = (right: fc.Arbitrary<unknown>, wrong: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 25, arbitrary: right }, { weight: 1, arbitrary: wrong })
const int = (min: number, max: number) => rightly(fc.integer({ min, max }), value)
const report = fc.record(
  {
    chapter: rightly(fc.constantFrom(...chapters.map(({ number }) => number)), value),
    green: rightly(fc.uniqueArray(fc.integer({ min: 1, max: 14 })), fc.array(value, { maxLength: 40 })),
    red: rightly(fc.constantFrom(null, '<script>alert(1)</script>', 'a test'), value),
    hints: int(0, 40),
    quietS: int(0, 5_000),
  },
  { requiredKeys: ['chapter', 'green', 'red', 'hints', 'quietS'] },
)
const message = (board: string) =>
  fc.record(
    {
      board: rightly(fc.constantFrom(null, board, 'another-board'), value),
      name: rightly(fc.constantFrom('Wren', '<b onclick=alert(1)>', '</main><script>alert(1)</script>'), value),
      chapters: rightly(fc.array(report, { maxLength: 4 }), value),
    },
    { requiredKeys: ['board', 'chapters'] },
  )

const headers = header('content-type', fc.constantFrom('application/json', 'application/json; charset=utf-8'), 30)
const none = fc.constant('')
const lie = fc.oneof({ weight: 20, arbitrary: fc.constantFrom(0, undefined) }, fc.constantFrom(-3, 7))
const request = (path: fc.Arbitrary<string>, method: fc.Arbitrary<string>, body: fc.Arbitrary<string>) =>
  fc.record({ method, path, headers, body, lie, cuts })
const jsonOf = (right: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: 8, arbitrary: right.map((it) => utf8(JSON.stringify(it))) },
    { weight: 1, arbitrary: text.map(utf8) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 3000 }).map((depth) => '['.repeat(depth)) },
    { weight: 1, arbitrary: fc.constant(JSON.stringify('x'.repeat(100_000))) },
  )

const idPart = nearly(fc.constantFrom(...ids), text.map(encode))
const codePart = nearly(fc.constantFrom(CODE, CODE.toLowerCase()), text.map(encode))
const commands = fc.oneof(
  fc.record({ exercise: fc.record({ chapter: fc.constantFrom('01', '99', 1), minutes: int(1, 30) }) }),
  fc.record({ more: int(-5, 5) }),
  fc.constantFrom({ end: true }, {}, [], null),
)

interface Kind {
  at: 'front' | 'desk'
  input(board: string): fc.Arbitrary<Request>
}

/** A name for each kind of bad input, and what it looks like. */
export const INPUTS: Record<string, Kind> = {
  'what laptops tell': {
    at: 'front',
    input: (board) =>
      request(
        fc.constantFrom(...ids).map((id) => pathOf({ ...to, id })),
        fc.constant('PUT'),
        jsonOf(message(board)),
      ),
  },
  'paths and methods': {
    at: 'front',
    input: () =>
      request(
        fc.tuple(codePart, idPart).map(([code, id]) => target(`/${code}/people/${id}`)),
        nearly(fc.constantFrom('PUT', 'DELETE'), method),
        none,
      ),
  },
  'views of the board': {
    at: 'desk',
    input: () =>
      request(
        fc
          .tuple(
            nearly(fc.constantFrom('projector', 'instructor'), text.map(encode)),
            nearly(fc.constantFrom('01', '02'), text.map(encode)),
          )
          .map(([view, chapter]) => target(`/${view}?chapter=${chapter}&view=${view}`)),
        nearly(fc.constant('GET'), method),
        none,
      ),
  },
  'what the exercise is told': {
    at: 'desk',
    input: () => request(fc.constant('/control'), fc.constant('POST'), jsonOf(nearly<unknown>(commands, value))),
  },
}

export interface FuzzResult {
  name: string
  runs: number
  /** How often each was answered: a fuzz that never gets in proves little. */
  statuses: Record<string, number>
  complaints: string[]
}

/** Sends inputs of one kind, one after the other, until one is answered as it should not be; shrinks that one. */
export async function fuzz(name: string, runs: number, seed: number): Promise<FuzzResult> {
  const { at, input } = INPUTS[name]!
  const board = new Board()
  const front = buildFront({ board, code: CODE, rate: OFTEN })
  const desk = buildDesk({ board, address: `http://127.0.0.1/${CODE}`, slidesPort: 4000 })
  const [origin, page] = await Promise.all([front, desk].map((app) => app.listen({ host: '127.0.0.1', port: 0 })))
  const port = Number(new URL(at === 'front' ? origin! : page!).port)
  const statuses: Record<string, number> = {}
  const count = (status: number) => (statuses[status] = (statuses[status] ?? 0) + 1)
  try {
    const property = fc.asyncProperty(input(board.id), async (request) => {
      const bytes = bytesOf(request).replace('host: us', `host: 127.0.0.1:${port}`)
      const heard = await say(port, { text: bytes, cuts: request.cuts }, PATIENCE_MS)
      for (const { status } of heard.answers) count(status)
      const complaints = [...complaintsAbout(heard, request), ...(await complaintsAboutPages(page!))]
      if (complaints.length > 0) throw new Error(complaints.join('\n'))
    })
    const details = await fc.check(property, { numRuns: runs, seed })
    const complaints = details.failed
      ? [
          `${(details.errorInstance as Error).message}\nfor ${JSON.stringify(details.counterexample)} (seed ${seed}, path ${details.counterexamplePath})`,
        ]
      : []
    const good = { board: null, chapters: [{ chapter: '01', green: [1], red: null, hints: 0, quietS: 1 }] }
    const fresh = membershipFor(`http://127.0.0.1/${CODE}`, '')
    const answer = await fetch(`${origin}${pathOf(fresh)}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(good),
    })
    if (answer.status !== 200) complaints.push(`a good message afterwards got ${answer.status}`)
    return { name, runs: details.numRuns, statuses, complaints }
  } finally {
    await Promise.all([front.close(), desk.close()])
  }
}

function complaintsAbout({ answers, rest, ending }: Heard, { method }: Request): string[] {
  const complaints = answers.flatMap(({ status, headers, body }) => {
    if (status < 400 || method === 'HEAD') return []
    const isProblem = String(headers['content-type']).startsWith('application/problem+json')
    return [
      ...(status >= 500 && status !== 503 ? [`${status} ${body}`] : []),
      ...(isProblem && (JSON.parse(body) as { status: number }).status === status
        ? []
        : [`${status}, but no problem: ${body}`]),
    ]
  })
  if (ending === 'patience') complaints.push('the connection hangs')
  if (answers.length !== 1) complaints.push(`${answers.length} answers, then ${ending}: ${rest.slice(0, 200)}`)
  return complaints
}

const OURS = /^\/?(header|h1|h2|p|b|ol|ul|li|span|svg|rect|footer|code|section|table|thead|tbody|tr|th|td|bdi)$/

/** Whatever was told, the pages have no element but ours, and no attribute that runs. */
async function complaintsAboutPages(page: string): Promise<string[]> {
  const drawn = await Promise.all(['projector', 'instructor'].map((view) => firstEvent(`${page}/state?view=${view}`)))
  return drawn.flatMap((text) => {
    const strangers = [...text.matchAll(/<(\/?[^\s>]*)/g)].map(([, tag]) => tag!).filter((tag) => !OURS.test(tag))
    const running = /<[^>]*\son\w+=/.exec(text)
    return [...strangers.map((tag) => `the page has <${tag}>`), ...(running ? [`the page runs ${running[0]}`] : [])]
  })
}

async function firstEvent(url: string): Promise<string> {
  const ended = new AbortController()
  const response = await fetch(url, { signal: ended.signal })
  let told = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    told += chunk
    const [, text] = /^data: (.*)\n\n/.exec(told) ?? []
    if (text) {
      ended.abort()
      return JSON.parse(text) as string
    }
  }
  return ''
}
