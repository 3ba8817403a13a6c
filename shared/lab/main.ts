// The Lab: `npm start`. Parcel on the attendee's code beside the reference, under the same traffic, on one page.
import { randomBytes } from 'node:crypto'
import { isBeyondLoopback } from '../stage/callers.ts'
import { Cards } from './cards.ts'
import { Lab } from './lab.ts'
import type { Day } from '../manifest/chapters.ts'
import { type Options, readOptions } from './options.ts'
import { linesFor } from './lines.ts'
import { listenOn } from './listen.ts'
import { buildServer } from './server.ts'
import { incidents } from '../stage/incidents/incidents.ts'
import { Side } from '../stage/side.ts'
import { ALL, NONE } from '../stage/solved.ts'
import { createScreen, summarize } from './summary.ts'
import { openPage } from './vite.ts'
import { watchCode } from './watch.ts'
import { isFree } from '../manifest/port.ts'
import { Trouble } from '../core/trouble.ts'

/** Where nothing can be redrawn, each summary is a line of its own. */
const LINE_S = process.stdout.isTTY ? 1 : 5
/** Both Parcels are up by then, and the page is loaded. */
const SUITES_AFTER_MS = 15_000

async function run(options: Options): Promise<void> {
  const { host, pagePort, slidesPort, port, seed, perSecond, faults, incident, day } = options
  const [yours, reference, page] = await Promise.all([
    isFree(port).then((free) => Side.start({ setup: { solved: NONE }, seed, port: free ? port : 0 })),
    Side.start({ setup: { solved: ALL }, seed, port: 0 }),
    openPage(),
  ])
  const cards = new Cards()
  const lab = new Lab({ yours, reference, cards, seed, perSecond })
  const token = isBeyondLoopback(host) ? randomBytes(12).toString('base64url') : undefined
  const server = buildServer({ lab, page, host, slidesPort, ...(token !== undefined && { token }) })
  const origin = await listenOn(server, host, pagePort)
  for (const fault of faults) await lab.setFault(fault)

  greet({ page: origin, token, day, wanted: port, side: yours })
  const chaptersOf = (files: string[]) => new Set(files.map((file) => /^exercises\/(\d+)/.exec(file)?.[1]))
  const unwatch = watchCode((files) => {
    for (const chapter of chaptersOf(files)) if (chapter) cards.saved(chapter)
    for (const chapter of chaptersOf(files.filter((file) => !file.endsWith('.test.ts')))) void lab.saved(chapter)
  })
  const suites = setTimeout(() => cards.refresh(), SUITES_AFTER_MS)

  const show = process.stdout.isTTY ? createScreen(process.stdout) : (lines: string[]) => console.log(lines.join('; '))
  let seconds = 0
  lab.subscribe((state) => seconds++ % LINE_S === 0 && show(summarize(state, yours.latestError)))

  let ending: Promise<void> | undefined
  const end = async () => {
    clearTimeout(suites)
    unwatch()
    await Promise.all([lab.close(), cards.close(), server.close(), page.close()])
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => (ending ??= end()))
  await lab.start(incident)
}

interface Greeting {
  page: string
  token: string | undefined
  day: Day | undefined
  /** The port that was asked for. */
  wanted: number
  side: Side
}

function greet({ page, token, day, wanted, side }: Greeting): void {
  const { origin } = side.balancer
  const taken = origin.endsWith(`:${wanted}`) || wanted === 0 ? '' : ` (${wanted} is taken)`
  const { get, post } = linesFor(process.platform)
  const control = (command: object) => post(`${page}/control`, command, token)
  const query = new URLSearchParams({ ...(token !== undefined && { token }), ...(day && { day: String(day) }) })
  console.log(`
  The Lab is at  ${page}${query.size > 0 ? `/?${query}` : ''}

  Parcel, on your code, is at ${origin}${taken}

  get quotes          ${get(`${origin}/quotes?from=Lisbon&to=Oslo&grams=1200`)}
  play an incident    press 1, 2, 3 … on its page, or ${control({ incident: incidents[0]!.id })}
  break a carrier     ${control({ fault: { carrier: 'pigeon', kind: 'blackhole' } })}
  mend it             ${control({ fault: { carrier: 'pigeon', kind: null } })}
  see what else       ${control({})}
  end it all          Ctrl-C
`)
}

try {
  await run(readOptions(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof Trouble)) throw error
  console.error(error.message)
  process.exit(1)
}
