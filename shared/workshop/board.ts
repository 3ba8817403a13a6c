import type { TestCase, TestModule } from 'vitest/node'
import { type Chapter, headingsOf, type Step } from './chapters.ts'

/** How one step of a chapter stands, by what its tests say. */
export interface StepState {
  heading: string
  step: Step
  tests: TestCase[]
  failed: TestCase[]
  /** Not all of its tests ran (a filter, a file that did not load), so it is neither green nor red. */
  state: 'green' | 'red' | 'unknown'
}

/** The chapter's steps in order, from all of the suite's files together. */
export function boardOf(chapter: Chapter, modules: readonly TestModule[]): StepState[] {
  const suites = modules.flatMap((module) => [...module.children.suites()])
  return chapter.steps.map((step, index) => {
    const heading = headingsOf(chapter)[index]!
    const tests = suites.filter(({ name }) => name === heading).flatMap((suite) => [...suite.children.allTests()])
    const failed = tests.filter((test) => test.result().state === 'failed')
    const allPassed = tests.length > 0 && tests.every((test) => test.result().state === 'passed')
    return { heading, step, tests, failed, state: failed.length > 0 ? 'red' : allPassed ? 'green' : 'unknown' }
  })
}
