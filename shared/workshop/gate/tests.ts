import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestCase } from 'vitest/node'
import { type Chapter, folderOf } from '../chapters.ts'
import type { Findings } from './findings.ts'
import type { StandIn } from './stand-ins.ts'
import { messageOf, type Run } from './suites.ts'

const fileOf = (test: TestCase) => test.module.relativeModuleId
const errorOf = (test: TestCase) => test.result().errors?.[0]
const isAssertion = (test: TestCase) => test.result().errors?.every(({ name }) => name === 'AssertionError') ?? false

/** The solution, or a variant of it: green in every test. */
export function checkGreen(run: Run, path: string, findings: Findings): void {
  for (const error of run.errors) findings.check(false, path, `does not load: ${error}`)
  for (const test of run.tests)
    findings.check(
      test.ok(),
      path,
      `must pass "${test.name}" (${fileOf(test)}), which says: ${messageOf(errorOf(test))}`,
    )
}

const redList = (chapter: Chapter) => `exercises/${folderOf(chapter)}/red.json`

/** The skeleton: red in every test, by an assertion that says what red.json says. */
export function checkRed(root: string, chapter: Chapter, run: Run, findings: Findings): void {
  const list = redList(chapter)
  const path = join(root, list)
  const record = `npm run check -- --record ${chapter.number}`
  if (!findings.check(existsSync(path), list, `is missing: write it with "${record}" and read what it says`)) return
  const reasons: Record<string, string> = JSON.parse(readFileSync(path, 'utf8'))

  for (const error of run.errors)
    findings.check(false, `exercises/${folderOf(chapter)}`, `the skeleton must load: ${error}`)
  for (const test of run.tests) {
    const reason = reasons[test.fullName]
    if (
      !findings.check(
        !test.ok(),
        fileOf(test),
        `"${test.name}" is green on the skeleton: make the naive code fail it, or drop the test`,
      )
    )
      continue
    if (
      !findings.check(
        isAssertion(test),
        fileOf(test),
        `"${test.name}" must fail by an assertion, not by ${errorOf(test)?.name}: ${messageOf(errorOf(test))}`,
      )
    )
      continue
    if (!findings.check(Boolean(reason), list, `has no entry for "${test.fullName}": add one, or run "${record}"`))
      continue
    const message = String(errorOf(test)?.message)
    findings.check(
      message.includes(reason!),
      list,
      `"${test.name}" should fail with "${reason}" but says "${messageOf(errorOf(test))}": mend the skeleton or the entry`,
    )
  }
  const names = new Set(run.tests.map((test) => test.fullName))
  for (const name of Object.keys(reasons))
    findings.check(names.has(name), list, `"${name}" is no test of the suite: remove the entry`)
}

/** Writes how the skeleton fails today, for a person to read: whether that is the stated reason only they can tell. */
export function record(root: string, chapter: Chapter, run: Run): string {
  // With a message of its own an assertion says "message: expected …"; the values after it differ from run to run.
  const reasonOf = (test: TestCase) => messageOf(errorOf(test)).replace(/(?<=.): expected .*/, '')
  const reasons = Object.fromEntries(run.tests.map((test) => [test.fullName, reasonOf(test)]))
  writeFileSync(join(root, redList(chapter)), `${JSON.stringify(reasons, null, 2)}\n`)
  return redList(chapter)
}

/** A mistake: its named test must fail, and by an assertion. */
export function checkKilled({ path, killedBy }: StandIn, run: Run | undefined, findings: Findings): void {
  for (const error of run?.errors ?? []) findings.check(false, path, `must load, and fail in the test: ${error}`)
  for (const test of run?.tests ?? []) {
    if (test.ok())
      findings.check(false, path, `survives "${killedBy}": sharpen the test, or name the one that kills it`)
    else
      findings.check(
        isAssertion(test),
        path,
        `must be killed by an assertion of "${killedBy}", not by ${errorOf(test)?.name}: ${messageOf(errorOf(test))}`,
      )
  }
}
