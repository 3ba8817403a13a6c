import { stripVTControlCharacters, styleText } from 'node:util'
import { DefaultReporter, type RunnerTestFile, type TestCase, type TestModule } from 'vitest/node'
import { boardOf, type StepState } from './board.ts'
import { type Chapter, chapters } from './chapters.ts'
import { isWritten, pathOf, type Subject, targetOf } from './target.ts'

const marks = { green: styleText('green', '✓'), red: styleText('red', '✗'), unknown: styleText('dim', '-') }
const bold = (text: string) => styleText('bold', text)
const dim = (text: string) => styleText('dim', text)
const count = (steps: StepState[]) => `${steps.filter(({ state }) => state === 'green').length} of ${steps.length}`
const firstLine = (test: TestCase) => stripVTControlCharacters(test.result().errors?.[0]?.message ?? '').split('\n')[0]

/**
 * A chapter as its attendee sees it: the steps, one failure in full (the first of the first red step: forty stack
 * traces teach nobody), and what to do next. Vitest's own view of the same: `npm test 01 -- --reporter=default`.
 */
export default class ChapterReporter extends DefaultReporter {
  // Steps span files, so they are printed at the end, instead of Vitest's file by file.
  protected override printTestModule(): void {}

  override reportSummary(_files: RunnerTestFile[], unhandled: unknown[]): void {
    const projects = Map.groupBy(this.ctx.state.getTestModules(), ({ project }) => project.name)
    for (const [name, modules] of projects) {
      const { chapter, subject } = targetOf(name)!
      this.#chapter(chapter, subject, modules)
    }
    if (unhandled.length > 0) this.ctx.logger.printUnhandledErrors(unhandled)
  }

  #chapter(chapter: Chapter, subject: Subject, modules: TestModule[]): void {
    const board = boardOf(chapter, modules)
    const ran = board.flatMap(({ tests }) => tests).filter((test) => test.result().state !== 'skipped')
    const passed = ran.filter((test) => test.ok())
    const spare = board.filter(({ step }) => step.spare)
    const core = board.filter(({ step }) => !step.spare)
    const first = board.find(({ state }) => state === 'red')
    const seconds = ((performance.now() - this.start) / 1000).toFixed(1)

    this.log(`${bold(`Chapter ${chapter.number}, ${chapter.title}`)} ${dim(`on ${pathOf({ chapter, subject })}`)}\n`)
    core.forEach((step) => this.#step(step, first))
    if (spare.length > 0) this.log(`\n  ${dim('Time to spare?')}`)
    spare.forEach((step) => this.#step(step, first))

    const broken = modules.filter((module) => module.errors().length > 0)
    for (const module of broken) this.#broken(module)
    if (first && broken.length === 0) this.#failures(first)

    this.log(
      `\n  Steps  ${bold(`${count(core)} green`)}, and ${count(spare)} to spare ${dim(`(${passed.length} of ${ran.length} tests, ${seconds} s)`)}`,
    )
    if (broken.length > 0)
      return this.log('  Next   mend the error above: until it loads, nothing can be said of the steps\n')
    if (ran.length === 0) {
      process.exitCode = 1
      return this.log('  Next   no test has such a name: choose another one after -t\n')
    }
    if (core.every(({ state }) => state === 'green')) this.log(`\n  🏆 ${this.#after(chapter)}`)
    if (first && subject === 'exercises') {
      this.log(`  Next   ${bold(first.heading)}`)
      this.log(`         ${first.failed[0]!.name}`)
      this.log(`  Stuck? ${pathOf({ chapter, subject })}/hints.md, "${first.heading}"`)
    }
    this.log()
  }

  /** The first red step shows its tests, the others only how many of theirs are green. */
  #step(step: StepState, first: StepState | undefined): void {
    const green = step.tests.filter((test) => test.result().state === 'passed').length
    this.log(`  ${marks[step.state]} ${step.heading} ${dim(`${green}/${step.tests.length}`)}`)
    if (step !== first) return
    for (const test of step.tests) {
      const { state } = test.result()
      this.log(`      ${marks[state === 'passed' ? 'green' : state === 'failed' ? 'red' : 'unknown']} ${test.name}`)
    }
  }

  #failures({ failed: [shown, ...others] }: StepState): void {
    this.log(`\n${styleText(['bgRed', 'bold'], ' FAIL ')} ${shown!.fullName}\n`)
    this.#print(shown!, shown!.result().errors ?? [])
    if (others.length > 0) this.log(`\n  and in the same step:`)
    for (const test of others) this.log(`  ${marks.red} ${test.name}\n      ${styleText('red', firstLine(test) ?? '')}`)
  }

  #broken(module: TestModule): void {
    this.log(`\n${styleText(['bgRed', 'bold'], ' FAIL ')} ${module.relativeModuleId} did not load\n`)
    this.#print(module, module.errors())
  }

  // Not logger.printError: that writes to stderr, which a pipe or a projector's log may show out of order.
  #print({ project }: TestCase | TestModule, errors: readonly unknown[]): void {
    for (const error of errors)
      this.log(this.ctx.logger.formatError(error, { project, showCodeFrame: true }).output.trimEnd())
  }

  #after(chapter: Chapter): string {
    const next = chapters.slice(chapters.indexOf(chapter) + 1).find((it) => isWritten(it))
    return next ? `All core steps are green. Next chapter: npm test ${next.number}` : 'All core steps are green.'
  }
}
