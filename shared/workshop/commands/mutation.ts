import { readFileSync } from 'node:fs'
import { parseArgs, styleText } from 'node:util'
import { percent, table } from '../../stage/table.ts'
import { chapters, folderOf } from '../../manifest/chapters.ts'
import { ensureStryker } from '../gate/tools.ts'
import { mutate } from '../mutation/stryker.ts'
import { compare, readExplanations, recordSurvivors, survivorOf } from '../mutation/survivors.ts'
import { isWritten, pathOf, takeTargets, type Target } from '../../manifest/target.ts'

const WANTED = 0.92

/**
 * Changes the solutions, of all chapters or of those named, one place at a time: the suites should notice, and what
 * they do not is explained in the chapter's survivors.json. `--record` writes that, with the reasons left to be given.
 */
export async function run(args: string[]): Promise<void> {
  const { targets, rest } = takeTargets(args)
  const { values } = parseArgs({ args: rest, options: { record: { type: 'boolean', default: false } } })
  const named = targets.length > 0 ? targets.map(({ chapter }) => chapter) : chapters.filter((it) => isWritten(it))
  ensureStryker()
  const rows: (string | number)[][] = [['', 'mutants', 'killed', 'timed out', 'survived', 'score', 'minutes']]
  const findings: string[] = []
  try {
    for (const chapter of named) {
      const { row, found } = await judge({ chapter, subject: 'solutions' }, values.record)
      rows.push(row)
      findings.push(...found)
    }
  } finally {
    // Also when one chapter cannot be judged: the others took their minutes.
    console.log(table(rows))
    for (const finding of findings) console.log(`${styleText('red', '✗')} ${finding}`)
  }
  process.exitCode = findings.length > 0 ? 1 : 0
}

async function judge(target: Target, record: boolean): Promise<{ row: (string | number)[]; found: string[] }> {
  const folder = pathOf(target)
  const startedAt = performance.now()
  const mutants = await mutate(target)
  const minutes = (performance.now() - startedAt) / 60_000
  const having = (...statuses: string[]) => {
    return mutants
      .filter(({ status }) => statuses.includes(status))
      .map((mutant) => survivorOf(mutant, readFileSync(mutant.fileName, 'utf8')))
      .toSorted((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.mutation.localeCompare(b.mutation))
  }
  // An error beside the tests fails the suite like one within.
  const killed = having('Killed', 'RuntimeError').length
  const timedOut = having('Timeout')
  const survivors = having('Survived', 'NoCoverage')
  const all = killed + timedOut.length + survivors.length
  const score = 1 - survivors.length / all
  const counts = [all, killed, timedOut.length, survivors.length]
  const row = [folderOf(target.chapter), ...counts, percent(score), minutes.toFixed(1)]

  if (record) recordSurvivors(folder, survivors)
  const { unexplained, outdated } = compare(survivors, readExplanations(folder), timedOut)
  const found = [
    ...unexplained.map(({ file, line, mutation }) => {
      const fix = `Add an assertion that does, or say in ${folder}/survivors.json why none can or should.`
      return `${styleText('bold', `${folder}/${file}:${line}`)} no test sees ${mutation}\n  ${fix}`
    }),
    ...outdated.map(({ file, mutation }) => {
      return `${styleText('bold', `${folder}/survivors.json`)} explains what did not survive: ${file}, ${mutation}\n  Remove it.`
    }),
  ]
  if (score < WANTED) found.push(`${styleText('bold', folder)} scores ${percent(score)}, below ${percent(WANTED, 0)}`)
  return { row, found }
}
