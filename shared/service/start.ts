// Parcel on the attendee's code, with its carriers, a little traffic, and what becomes of it: `npm start`.
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { type Fleet, parseFault, startFleet } from '../carriers/fleet.ts'
import { buildServer } from './server.ts'
import { configOrExit, giveUp, listenAdvice } from './startup.ts'
import { createScreen, summarize } from './summary.ts'
import { Traffic } from './traffic.ts'

const TRAFFIC = { perSecond: 5, maxInFlight: 100, patienceMs: 30_000, seed: 1 }
const REDRAW_MS = 1000
/** Where nothing can be redrawn, each summary is a line of its own. */
const LINE_MS = 3000

function readArguments() {
  try {
    const { values } = parseArgs({ options: { port: { type: 'string' }, fault: { type: 'string', multiple: true } } })
    return { port: values.port, faults: (values.fault ?? []).map(parseFault) }
  } catch (error) {
    return giveUp(`${(error as Error).message}\nUsage: npm start -- [--port 3000] [--fault pigeon:blackhole] …`)
  }
}

const faultsOf = (fleet: Fleet) =>
  fleet
    .stats()
    .flatMap(({ name, replicas }) =>
      replicas.flatMap(({ fault }, index) => (fault ? `${name}/${index} ${fault.kind}` : [])),
    )

const { port, faults } = readArguments()
const config = configOrExit({ ...process.env, ...(port !== undefined && { PORT: port }) })

// The log would tear the picture apart. What counts is the latest thing that should not have happened, and where.
let latestError = ''
const keepError = ({ msg, err }: { msg: string; err?: { stack: string } }) => {
  latestError = err ? err.stack.split('\n', 2).join(' ') : msg
}
const logger = pino({ level: 'error' }, { write: (line) => keepError(JSON.parse(line)) })

const fleet = await startFleet()
for (const { carrier, fault, replica } of faults) await fleet.setFault(carrier, fault, replica)
const { app } = buildServer({ config, carriers: fleet.carriers, logger })
const listen = async (port: number) => app.listen({ port, host: config.HOST })
const origin = await listen(config.PORT).catch((error) => {
  if (error.code !== 'EADDRINUSE') giveUp(listenAdvice(error, config) ?? String(error))
  console.log(`Port ${config.PORT} is taken; here is a free one instead.`)
  return listen(0)
})

const pigeon = `${fleet.admin}/carriers/pigeon/fault`
console.log(`
Parcel, on your code, is at ${origin}

  get quotes          curl '${origin}/quotes?from=Lisbon&to=Oslo&grams=1200'
  break a carrier     curl -X PUT -d blackhole ${pigeon}
  mend it             curl -X DELETE ${pigeon}
  see what can break  curl ${fleet.admin}
  end it all          Ctrl-C
`)

const traffic = new Traffic(origin, TRAFFIC)
const startedAt = performance.now()
void traffic.run()

const { isTTY } = process.stdout
const show = isTTY ? createScreen(process.stdout) : (lines: string[]) => console.log(lines.join('; '))
setInterval(
  () => {
    const seconds = Math.round((performance.now() - startedAt) / 1000)
    show(summarize({ seconds, faults: faultsOf(fleet), traffic: traffic.ledger.snapshot(), latestError }))
  },
  isTTY ? REDRAW_MS : LINE_MS,
)

// Not the attendee's shutdown, which may be half written: this has to end.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(0))
