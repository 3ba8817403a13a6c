import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestCase, TestModule } from 'vitest/node'
import { type Chapter, headingsOf, type Step } from '../manifest/chapters.ts'
import { testsNamedIn } from '../manifest/sections.ts'
import { pathOf, root } from '../manifest/target.ts'

/** How one step of a chapter stands, by what its tests say. */
export interface StepState {
  heading: string
  step: Step
  /** In the README's order. */
  tests: TestCase[]
  passed: TestCase[]
  failed: TestCase[]
  /** Not all of its tests ran (a filter, a worker that died), so it is neither green nor red. */
  state: 'green' | 'red' | 'unknown'
}

export interface Board {
  /** The chapter's steps in order, from all of the suite's files together. */
  board: StepState[]
  /** The files that did not load: of the tests in them nothing is known, not even their names. */
  broken: TestModule[]
  /** Every test of every file has passed or failed. */
  whole: boolean
}

/** Of a worker: shared/testing/watchdog.ts has ended it, and said why. */
export const isDeath = (error: unknown): boolean => /Worker exited/.test(String((error as Error).cause))

export function boardOf(chapter: Chapter, modules: readonly TestModule[]): Board {
  const suites = modules.flatMap((module) => [...module.children.suites()])
  // Files end in any order; whoever works through a step reads its tests in the README's.
  const readme = readFileSync(join(root, pathOf({ chapter, subject: 'exercises' }), 'README.md'), 'utf8')
  const order = testsNamedIn(readme)
  const board = chapter.steps.map((step, index): StepState => {
    const heading = headingsOf(chapter)[index]!
    const own = suites.filter(({ name }) => name === heading).flatMap((suite) => [...suite.children.allTests()])
    const tests = own.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
    const passed = tests.filter((test) => test.result().state === 'passed')
    const failed = tests.filter((test) => test.result().state === 'failed')
    const allPassed = tests.length > 0 && passed.length === tests.length
    return { heading, step, tests, passed, failed, state: failed.length > 0 ? 'red' : allPassed ? 'green' : 'unknown' }
  })
  const broken = modules.filter((module) => module.errors().length > 0)
  const hasEnded = ({ tests, passed, failed }: StepState) =>
    tests.length > 0 && passed.length + failed.length === tests.length
  return { board, broken, whole: broken.length === 0 && board.every(hasEnded) }
}
