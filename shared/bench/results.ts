import { existsSync, readFileSync } from 'node:fs'
import { describeMachine } from '../stage/machine.ts'
import { type Result, results } from './report.ts'
import { markdownTable } from '../stage/table.ts'

/** What is kept of the measurements named, in their order; those that were never saved are left out. */
export function savedResults(names: string[]): Result[] {
  const files = names.map((name) => new URL(`${name}.json`, results)).filter((file) => existsSync(file))
  return files.map((file) => JSON.parse(readFileSync(file, 'utf8')))
}

/** The document to which every claim points: shared/bench/RESULTS.md. */
export function asMarkdown(all: Result[]): string {
  const claims = all.flatMap(({ claims = [] }) => claims)
  const missed = claims.filter(({ holds }) => !holds).length
  const head = [
    '# What was measured',
    'Written by `npm run bench -- --save`, from the JSON files in [results](results), which also hold the figures that the ' +
      `slides quote. Of ${claims.length} lines drawn beforehand, ${claims.length - missed} hold and ${missed} are missed; each ` +
      'miss is said where it belongs. What ran in virtual time is the same on every machine; of the rest, trust the ratios.',
    all.map(({ name, title }) => `- [${title}](#${name})`).join('\n'),
  ]
  return `${[...head, ...all.flatMap(section)].join('\n\n')}\n`
}

function section(result: Result): string[] {
  const { name, title, about, virtual, tables, claims = [], plots, date, tookS, command } = result
  const lines = claims.map(({ claim, holds, because }) => {
    return holds ? `- holds: ${claim}` : `- **missed**: ${claim}${because ? `. ${because}` : ''}`
  })
  return [
    `<a id="${name}"></a>\n\n## ${title}`,
    about,
    `\`${command}\`, ${date}, ${tookS} s${virtual ? ', in virtual time' : ''}. ${describeMachine(result)}.`,
    ...tables.flatMap(({ caption, rows }) => [`${caption}:`, markdownTable(rows)]),
    ...(lines.length > 0 ? [lines.join('\n')] : []),
    ...plots.map((plot) => `![${title}](results/${plot}.svg)`),
  ]
}
