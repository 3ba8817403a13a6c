import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Circumstances, circumstances, describeMachine } from '../stage/machine.ts'
import { type Cell, table } from '../stage/table.ts'

/** What a measurement has found. */
export interface Findings {
  title: string
  /** What was done, whose claim it tests, and what the figures are of: Markdown, one paragraph. */
  about: string
  /** In virtual time, seeded: the same on a machine that has other things to do. */
  virtual?: boolean
  /** What slides and texts quote, by a name that stays. Milliseconds, ratios and counts, each as its name says. */
  figures: Record<string, number>
  tables: { caption: string; rows: Cell[][] }[]
  /** The lines that were drawn beforehand. What misses its line for no known reason makes the program fail. */
  claims?: Claim[]
  /** By file name, without `.svg`. */
  plots?: Record<string, string>
}

export interface Claim {
  claim: string
  holds: boolean
  /** Why it misses its line, if that is known and accepted. */
  because?: string
}

/** Findings as they are kept, beside what they depend on. */
export interface Result extends Omit<Findings, 'plots'>, Circumstances {
  name: string
  command: string
  /** Of the run, as YYYY-MM-DD. */
  date: string
  tookS: number
  plots: string[]
}

export const results = new URL('results/', import.meta.url)

const startedAt = performance.now()

/** Prints the findings; with `--save` on the command line it also writes `results/<name>.json` and the plots. */
export function report(name: string, findings: Findings, packages: string[] = []): void {
  const { figures, plots = {}, ...rest } = findings
  const result: Result = {
    name,
    ...rest,
    command: `npm run bench ${name} -- --save`,
    date: new Date().toISOString().slice(0, 10),
    tookS: Math.round((performance.now() - startedAt) / 1000),
    ...circumstances(packages),
    figures: Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, round(value)])),
    plots: Object.keys(plots),
  }
  print(result)
  if (result.claims?.some(({ holds, because }) => !holds && !because)) process.exitCode = 1
  if (!process.argv.includes('--save')) return
  writeFileSync(new URL(`${name}.json`, results), `${JSON.stringify(result, null, 2)}\n`)
  for (const [file, svg] of Object.entries(plots)) writeFileSync(new URL(`${file}.svg`, results), svg)
}

/** Noise beyond six digits would only make a difference between two runs. */
const round = (value: number) => Number(value.toPrecision(6))

/** What others have written, for the same job: the maintainers' dependencies, untyped. */
export const peer = createRequire(new URL('../maintainers/package.json', import.meta.url))

/** What misses its line is said, and why. */
export function describeClaim({ claim, holds, because }: Claim): string {
  if (holds) return `holds   ${claim}`
  return `MISSES  ${claim}${because ? ` (${because})` : ''}`
}

function print(result: Result): void {
  console.log(`\n${result.title}\n${describeMachine(result)}`)
  for (const { caption, rows } of result.tables) console.log(`\n${caption}\n\n${table(rows)}`)
  if (result.claims) console.log()
  for (const claim of result.claims ?? []) console.log(describeClaim(claim))
  console.log(`\n${result.tookS} s`)
}
