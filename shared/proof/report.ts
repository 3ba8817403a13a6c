import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg, type } from 'node:os'
import { withAlarms } from './alarms.ts'

export interface Proof {
  /** What was done: a paragraph. */
  about: string
  tables: { caption: string; text: string }[]
  /** What is wrong; nothing, one hopes. */
  complaints: string[]
}

const file = new URL('RESULTS.md', import.meta.url)

/** Runs a proof and prints it; fails the process by its complaints; saved, it takes its place in RESULTS.md. */
export async function report(name: string, prove: () => Promise<Proof>, save: boolean): Promise<void> {
  const startedAt = performance.now()
  const { value, alarms } = await withAlarms(prove)
  const { about, tables } = value
  const wrong = [...value.complaints, ...alarms]
  const tookS = Math.round((performance.now() - startedAt) / 1000)

  const text = tables.map(({ caption, text }) => `${caption}:\n\n    ${text.replaceAll('\n', '\n    ')}\n`).join('\n')
  const verdict =
    wrong.length > 0
      ? `${wrong.length} complaints:\n\n${wrong.map((it) => `- ${it}`).join('\n')}`
      : 'Nothing to complain about.'
  console.log(`\n${about}\n\n${text}\n${verdict}\n\n${tookS} s`)
  if (wrong.length > 0) process.exitCode = 1
  if (save) keep(name, `${about}\n\n${text}\n${verdict}\n\n${circumstances(name, tookS)}\n`)
}

function circumstances(name: string, tookS: number): string {
  const machine = `${availableParallelism()} cores, ${type()}, Node ${process.versions.node}`
  const args = process.argv.slice(3).join(' ')
  return `\`npm run proof ${name} -- ${args}\`, ${new Date().toISOString().slice(0, 10)}: ${tookS} s on ${machine}, load ${loadavg()[0]!.toFixed(1)} at the end.`
}

const HEAD = `# What was proved, and when

Written by \`npm run proof <part> -- --save\`. Shorter runs of the same are among the tests that CI runs.
`

/** One section for each proof, in alphabetical order, of which this one is replaced. */
function keep(name: string, text: string): void {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const sections = new Map(
    before
      .split(/^## /m)
      .slice(1)
      .map((section) => section.split(/\n([^]*)/) as [string, string]),
  )
  sections.set(name, `\n${text}`)
  const parts = [...sections].toSorted().map(([name, text]) => `## ${name}\n\n${text.trim()}\n`)
  writeFileSync(file, [HEAD, ...parts].join('\n'))
}

/** Beside the document, for programs: `Infinity` is null there. */
export function saveJson(name: string, data: unknown): void {
  writeFileSync(new URL(`${name}.json`, import.meta.url), `${JSON.stringify(data, null, 2)}\n`)
}
