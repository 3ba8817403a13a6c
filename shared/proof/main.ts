// npm run proof <part> [-- --save]: one of the proofs, whole, with its table. Exits with 1 when anything is wrong.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { positiveOption } from '../stage/options.ts'
import { type Proof, report } from '../stage/proof-report.ts'
import { table } from '../stage/table.ts'
import { crash } from './crash.ts'
import { fuzz } from './fuzz.ts'
import { complaintsOf, matrixTable } from './matrix-table.ts'
import { runScope } from './matrix.ts'
import { SCOPES } from './rules.ts'
import { INPUTS } from './requests.ts'
import { setsAbout, setsTables } from './sets-table.ts'
import { sets } from './sets.ts'
import { soak } from './soak.ts'
import { type UploadResult, uploads } from './upload.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    save: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '10' },
    megabytes: { type: 'string', default: '1024' },
    kills: { type: 'string', default: '50' },
    draws: { type: 'string', default: '40' },
    short: { type: 'boolean', default: false },
  },
})

const numberOf = (name: 'seed' | 'runs' | 'minutes' | 'megabytes' | 'kills' | 'draws') =>
  positiveOption(name, values[name])
const seed = numberOf('seed')

const proofs: Record<string, () => Promise<Proof>> = {
  async matrix() {
    const proof: Proof = {
      about: 'Faults down, routes across: the status, and the reason that it names.',
      tables: [],
      complaints: [],
    }
    let cells = 0
    for (const scope of SCOPES) {
      const found = await runScope(scope)
      cells += found.cells.length
      proof.tables.push({ caption: `A fault of ${scope}`, text: matrixTable(found.cells) })
      proof.complaints.push(...complaintsOf(found))
    }
    proof.about += ` ${cells} cells on real sockets, each checked for its form, its reason, its deadline and what it leaves behind.`
    return proof
  },

  async fuzz() {
    const runs = numberOf('runs')
    const results = []
    for (const name of Object.keys(INPUTS)) results.push(await fuzz(name, runs, seed))
    const codes = [...new Set(results.flatMap(({ statuses }) => Object.keys(statuses)))].toSorted()
    const rows = results.map(({ name, runs, statuses }) => [name, runs, ...codes.map((code) => statuses[code] ?? 0)])
    return {
      about: `Inputs of each kind, seed ${seed}, and how they were answered; each client has a limit, which none exceeds. A 5xx fails it (but a 504, if the caller gave no time), and so does a 4xx that is no application/problem+json.`,
      tables: [{ caption: 'Answers by status', text: table([['', 'inputs', ...codes], ...rows]) }],
      complaints: results.flatMap(({ name, complaints }) => complaints.map((complaint) => `${name}: ${complaint}`)),
    }
  },

  async soak() {
    const minutes = numberOf('minutes')
    const { moments, statuses, hungUp, attempts, switches, complaints } = await soak({
      seconds: minutes * 60,
      perSecond: 30,
      seed,
    })
    const rows = moments.map(({ atS, sent, faults, heapMb, sockets, timers }) => {
      return [`${Math.round(atS - moments[0]!.atS)} s later`, sent, faults, heapMb.toFixed(1), sockets, timers]
    })
    const answers = Object.entries(statuses).map(([status, count]) => `${count} × ${status}`)
    return {
      about: `${minutes} minutes, 30 requests a second, each from another address and within its limit, seed ${seed}: ${switches} faults set or lifted, ${attempts} attempts at carriers; ${answers.join(', ')}, and ${hungUp} callers hung up.`,
      tables: [
        {
          caption: 'Parcel under way, after its garbage was collected',
          text: table([['', 'requests', 'faults', 'heap MB', 'sockets', 'timers'], ...rows]),
        },
      ],
      complaints,
    }
  },

  async crash() {
    const { kills, keys, promised, bookings, scans, cut, saved, complaints } = await crash({
      kills: numberOf('kills'),
      seed,
    })
    const rows = [
      ['kills', kills],
      ['calls cut off', cut],
      ['of them booked already, about', saved],
      ['keys', keys],
      ['of them promised, by a 202', promised],
      ['bookings', bookings],
      ['scans that were taken', scans],
    ]
    return {
      about: `Parcel killed with SIGKILL while eight customers book, each parcel with a key of its own until it has an answer, every second one content with a 202, and while a courier uploads scans, 400 at a time, each upload until it is taken; Parcel has an outbox and a file of scans. Seed ${seed}.`,
      tables: [{ caption: 'Once each', text: table([['', 'count'], ...rows]) }],
      complaints,
    }
  },

  async upload() {
    const megabytes = numberOf('megabytes')
    const stores = [undefined, ...(process.env.DATABASE_URL ? [process.env.DATABASE_URL] : [])]
    const results: (UploadResult & { store: string })[] = []
    for (const databaseUrl of stores)
      results.push({
        store: databaseUrl ? new URL(databaseUrl).protocol : 'sqlite:',
        ...(await uploads({ megabytes, databaseUrl })),
      })
    const head = 'lines, stored, known, refused, s, lines a second, resident MB, MB ahead, /livez at most ms, cut after'
    const rows = results.map(({ store, lines, stored, known, refused, seconds, residentMb, aheadMb, probeMs, cut }) => {
      const memory = `${residentMb.least.toFixed()} to ${residentMb.most.toFixed()}`
      const speed = Math.round(lines / seconds)
      return [
        store,
        lines,
        stored,
        known,
        refused,
        seconds.toFixed(),
        speed,
        memory,
        aheadMb.toFixed(1),
        probeMs.toFixed(),
        cut,
      ]
    })
    return {
      about: `An upload of ${megabytes} MB of scans, made as they are sent, to a Parcel with the heap of a container of 512 MB; of 500 lines, one is told twice and two are none. Then another one of 8 MB, in the middle of which Parcel is told to end, and which is sent again from the line that it names.`,
      tables: [
        { caption: 'By store; memory once a fifth was sent', text: table([['', ...head.split(', ')], ...rows]) },
      ],
      complaints: results.flatMap(({ store, complaints }) => complaints.map((complaint) => `${store} ${complaint}`)),
    }
  },

  async sets() {
    const onSet = (name: string, done: number, of: number) => console.error(`${done} of ${of} sets: ${name}`)
    const result = await sets({ seed, draws: numberOf('draws'), short: values.short, onSet })
    if (values.save) saveJson('sets', result.figures)
    return { about: setsAbout(result, values.short), tables: setsTables(result), complaints: result.complaints }
  },
}

const [name = ''] = positionals
await report({
  name,
  prove: proofs[name]!,
  command: 'npm run proof',
  ...(values.save && { file: new URL('RESULTS.md', import.meta.url) }),
})

/** Beside the document, for programs: `Infinity` is null there. */
function saveJson(name: string, data: unknown): void {
  writeFileSync(new URL(`${name}.json`, import.meta.url), `${JSON.stringify(data, null, 2)}\n`)
}
