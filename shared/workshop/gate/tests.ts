import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestCase } from 'vitest/node'
import { Trouble } from '../../core/trouble.ts'
import { type Chapter, folderOf, headingsOf } from '../../manifest/chapters.ts'
import type { Finding, Findings } from '../../manifest/findings.ts'
import type { StandIn } from './stand-ins.ts'
import { messageOf, type Run } from './suites.ts'

const fileOf = (test: TestCase) => test.module.relativeModuleId
const stateOf = (test: TestCase) => test.result().state
const errorOf = (test: TestCase) =>
  test.result().errors?.[0] ?? new Error('it did not come to its end: does it loop for ever?')
const isAssertion = (test: TestCase) => test.result().errors?.every(({ name }) => name === 'AssertionError') ?? false

/** The solution, or a variant of it: green in every test. */
export function checkGreen(run: Run, path: string, findings: Findings): void {
  for (const error of run.errors) findings.check(false, path, error)
  for (const test of run.tests)
    findings.check(
      stateOf(test) === 'passed',
      path,
      `must pass "${test.name}" (${fileOf(test)}), which says: ${messageOf(errorOf(test))}`,
    )
}

const redList = (chapter: Chapter) => `exercises/${folderOf(chapter)}/red.json`

/** The skeleton: red in every test, by an assertion that says what red.json says. */
export function checkRed(root: string, chapter: Chapter, run: Run, findings: Findings): void {
  const list = redList(chapter)
  const record = `npm run check -- --record ${chapter.number}`
  const reasons = readReasons(join(root, list))
  if (!findings.check(reasons !== undefined, list, `is not there, or no JSON: write it with "${record}"`)) return

  for (const error of run.errors) findings.check(false, `exercises/${folderOf(chapter)}`, error)
  for (const test of run.tests) {
    const reason = reasons![test.fullName]
    const unlisted = { file: list, fix: `has no entry for "${test.fullName}": add one, or run "${record}"` }
    findings.add(notRed(test) ?? (reason ? otherReason(test, reason, list) : unlisted))
  }
  const names = new Set(run.tests.map((test) => test.fullName))
  for (const name of Object.keys(reasons!))
    findings.check(names.has(name), list, `"${name}" is no test of the suite: remove the entry`)
}

function readReasons(path: string): Record<string, string> | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

function notRed(test: TestCase): Finding | undefined {
  const file = fileOf(test)
  if (stateOf(test) === 'passed')
    return { file, fix: `"${test.name}" is green on the skeleton: make the naive code fail it, or drop the test` }
  if (isAssertion(test)) return undefined
  const { name } = errorOf(test)
  return { file, fix: `"${test.name}" must fail by an assertion, not by ${name}: ${messageOf(errorOf(test))}` }
}

function otherReason(test: TestCase, reason: string, file: string): Finding | undefined {
  if (String(errorOf(test).message).includes(reason)) return undefined
  const says = messageOf(errorOf(test))
  return { file, fix: `"${test.name}" should fail with "${reason}" but says "${says}": mend the skeleton or the entry` }
}

/**
 * Writes how the skeleton fails today, for a person to read: whether that is the stated reason only they can tell.
 *
 * @throws {Trouble} instead, when a test fails by no assertion or had no turn: on a busy machine that is no reason
 */
export function record(root: string, chapter: Chapter, run: Run): string {
  const unfit = [
    ...run.errors.map((error) => `exercises/${folderOf(chapter)} ${error}`),
    ...run.skipped.map((test) => `${fileOf(test)} "${test.name}" was not run`),
    ...run.tests.flatMap((test) => notRed(test) ?? []).map(({ file, fix }) => `${file} ${fix}`),
  ]
  if (unfit.length > 0) {
    const again =
      'Was the machine busy? Run it again when it is not, or with CI=1 in the environment, which is patient.'
    throw new Trouble([`${redList(chapter)} stays as it is:`, ...unfit, again].join('\n'))
  }
  // With a message of its own an assertion says "message: expected …"; the values after it differ from run to run.
  const reasonOf = (test: TestCase) => messageOf(errorOf(test)).replace(/(?<=.): expected .*/, '')
  const headings = headingsOf(chapter)
  const stepOf = ({ fullName }: TestCase) => headings.indexOf(fullName.split(' > ')[0]!)
  // Files end in any order; the list has one, so that git shows what has changed and no more.
  const tests = run.tests.toSorted((a, b) => stepOf(a) - stepOf(b) || fileOf(a).localeCompare(fileOf(b)))
  const reasons = Object.fromEntries(tests.map((test) => [test.fullName, reasonOf(test)]))
  writeFileSync(join(root, redList(chapter)), `${JSON.stringify(reasons, null, 2)}\n`)
  return redList(chapter)
}

/** A mistake: its named test must fail, and by an assertion. */
export function checkKilled({ path, killedBy }: StandIn, run: Run, findings: Findings): void {
  for (const error of run.errors) findings.check(false, path, error)
  for (const test of run.tests) {
    const { name } = errorOf(test)
    const other = `must be killed by an assertion of "${killedBy}", not by ${name}: ${messageOf(errorOf(test))}`
    const survives = `survives "${killedBy}": sharpen the test, or name the one that kills it`
    findings.check(isAssertion(test), path, stateOf(test) === 'passed' ? survives : other)
  }
}
