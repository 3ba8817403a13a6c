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

export interface Report {
  name: string
  prove: () => Promise<Proof>
  /** By which it was called, up to its name: `npm run proof`. */
  command: string
  /** The document in which it has a section, if it is to be saved. */
  file?: URL
}

/** Runs a proof and prints it; fails the process by its complaints; saved, it takes its place in the document. */
export async function report({ name, prove, command, file }: Report): Promise<void> {
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
  if (file)
    keep(file, name, command, `${about}\n\n${text}\n${verdict}\n\n${circumstances(`${command} ${name}`, tookS)}\n`)
}

function circumstances(command: string, tookS: number): string {
  const machine = `${availableParallelism()} cores, ${type()}, Node ${process.versions.node}`
  const args = process.argv.slice(3).join(' ')
  return `\`${command} -- ${args}\`, ${new Date().toISOString().slice(0, 10)}: ${tookS} s on ${machine}, load ${loadavg()[0]!.toFixed(1)} at the end.`
}

const head = (command: string) => `# What was proved, and when

Written by \`${command} <part> -- --save\`. Shorter runs of the same are among the tests that CI runs.
`

/** One section for each proof, in alphabetical order, of which this one is replaced. */
function keep(file: URL, name: string, command: string, text: string): void {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const sections = new Map(
    before
      .split(/^## /m)
      .slice(1)
      .map((section) => section.split(/\n([^]*)/) as [string, string]),
  )
  sections.set(name, `\n${text}`)
  const parts = [...sections].toSorted().map(([name, text]) => `## ${name}\n\n${text.trim()}\n`)
  writeFileSync(file, [head(command), ...parts].join('\n'))
}
