import { stripVTControlCharacters, styleText } from 'node:util'
import { DefaultReporter, type RunnerTestFile, type TestCase, type TestModule } from 'vitest/node'
import { boardOf, isDeath, type StepState } from './board.ts'
import { type Chapter, chapters } from '../manifest/chapters.ts'
import { isWritten, pathOf, type Subject, targetOf } from '../manifest/target.ts'

const marks = { green: styleText('green', '✓'), red: styleText('red', '✗'), unknown: styleText('dim', '-') }
/** styleText knows whether whoever reads this can show colours; Vitest's formatter takes it for granted. */
const isPlain = styleText('red', '') === ''
const bold = (text: string) => styleText('bold', text)
const dim = (text: string) => styleText('dim', text)
const count = (steps: StepState[]) => `${steps.filter(({ state }) => state === 'green').length} of ${steps.length}`
/** Not a test that the run did not get to, nor one that was in it when its worker died. */
const hasRun = (test: TestCase) => ['passed', 'failed'].includes(test.result().state)
const firstLine = (test: TestCase) => stripVTControlCharacters(test.result().errors?.[0]?.message ?? '').split('\n')[0]

/**
 * A chapter as its attendee sees it: the steps, one failure in full (the first of the first red step: forty stack
 * traces teach nobody), and what to do next. Vitest's own view of the same: `npm test 01 -- --reporter=default`.
 */
export default class ChapterReporter extends DefaultReporter {
  /** For a screen: of the failures after the first only the names, and spare steps once their time has come. */
  protected readonly isBrief: boolean = false

  // Steps span files, so they are printed at the end, instead of Vitest's file by file.
  protected override printTestModule(): void {}

  override reportSummary(_files: RunnerTestFile[], unhandled: unknown[]): void {
    const projects = Map.groupBy(this.ctx.state.getTestModules(), ({ project }) => project.name)
    for (const [name, modules] of projects) {
      const { chapter, subject } = targetOf(name)!
      this.#chapter(chapter, subject, modules, unhandled)
    }
  }

  #chapter(chapter: Chapter, subject: Subject, modules: TestModule[], uncaught: unknown[]): void {
    const { board: all, broken, whole } = boardOf(chapter, modules)
    const ran = all.flatMap(({ tests }) => tests).filter(hasRun)
    // With -t or a file's name only a part of the suite runs: what did not is left out, and nothing is said of progress.
    const partial = broken.length === 0 && !whole
    // Of what did not load, not even the tests' names are known: a step that looks green may have others.
    const board = broken.length > 0 ? [] : all.filter(({ tests }) => whole || tests.some(hasRun))
    const core = board.filter(({ step }) => !step.spare)
    const spare = board.filter(({ step }) => step.spare)
    const first = board.find(({ state }) => state === 'red')

    this.log(`${bold(`Chapter ${chapter.number}, ${chapter.title}`)} ${dim(`on ${pathOf({ chapter, subject })}`)}\n`)
    core.forEach((step) => this.#step(step, first))
    if (spare.length > 0 && (!this.isBrief || !first || first.step.spare)) {
      this.log(`\n  ${dim('Time to spare?')}`)
      spare.forEach((step) => this.#step(step, first))
    }
    // The suite's files mostly fail to load for the same reason.
    for (const [, [module]] of Map.groupBy(broken, (it) => it.errors()[0]?.message)) this.#broken(module!)
    if (first) this.#failures(first)
    const died = uncaught.filter(isDeath)
    if (uncaught.length > died.length) this.ctx.logger.printUnhandledErrors(uncaught.filter((error) => !isDeath(error)))

    const steps = partial
      ? 'A part of the suite ran'
      : `Steps  ${bold(`${count(core)} green`)}, and ${count(spare)} to spare`
    const tests = `${ran.filter((test) => test.ok()).length} of ${ran.length} tests green`
    const seconds = ((this.end - this.start) / 1000).toFixed(1)
    if (broken.length === 0) this.log(`\n  ${steps} ${dim(`(${tests}, ${seconds} s)`)}`)
    if (broken.length > 0) this.log('\n  Next   mend the error above: until it loads, nothing can be said of the steps')
    else if (died.length > 0) this.log('  Next   mend what the watchdog has found (above): it ended the tests half-way')
    else if (ran.length === 0) this.#nothingRan()
    else if (!first && uncaught.length > 0) this.log('  Next   mend the error above, which no test caught')
    else if (subject === 'exercises')
      this.#next(chapter, first, !partial && core.every(({ state }) => state === 'green'))
    this.log()
  }

  #nothingRan(): void {
    // Vitest takes it for a success.
    process.exitCode = 1
    this.log('  Next   no test has such a name: choose another one after -t')
  }

  #next(chapter: Chapter, first: StepState | undefined, solved: boolean): void {
    const next = chapters.slice(chapters.indexOf(chapter) + 1).find((it) => isWritten(it))
    if (solved) this.log(`  🏆     All core steps are green.${next ? ` Next chapter: npm test ${next.number}` : ''}`)
    if (!first) return
    this.log(`  ${first.step.spare ? 'Spare' : 'Next '}  ${bold(first.heading)}`)
    this.log(`         ${first.failed[0]!.name}`)
    this.log(`  Stuck? npm run hint ${chapter.number}`)
  }

  /** The first red step shows its tests, the others only how many of theirs are green. */
  #step(step: StepState, first: StepState | undefined): void {
    this.log(`  ${marks[step.state]} ${step.heading} ${dim(`${step.passed.length}/${step.tests.length}`)}`)
    if (step !== first) return
    for (const test of step.tests.filter(hasRun)) this.log(`      ${test.ok() ? marks.green : marks.red} ${test.name}`)
  }

  #failures({ failed: [shown, ...others] }: StepState): void {
    this.log(`\n${styleText(['bgRed', 'bold'], ' FAIL ')} ${shown!.fullName}\n`)
    this.#print(shown!, shown!.result().errors ?? [])
    if (others.length > 0) this.log(`\n  and in the same step:`)
    for (const test of others) {
      this.log(`  ${marks.red} ${test.name}`)
      if (!this.isBrief) this.log(`      ${styleText('red', firstLine(test) ?? '')}`)
    }
  }

  #broken(module: TestModule): void {
    this.log(`\n${styleText(['bgRed', 'bold'], ' FAIL ')} ${module.relativeModuleId} did not load\n`)
    this.#print(module, module.errors())
  }

  // Not logger.printError: that writes to stderr, which a pipe or a projector's log may show out of order.
  #print({ project }: TestCase | TestModule, errors: readonly unknown[]): void {
    for (const error of errors) {
      const { output } = this.ctx.logger.formatError(error, { project, showCodeFrame: true })
      const lines = output.trimEnd().split('\n')
      const ours = lines.filter((line) => !/❯.*node_modules/.test(line)).join('\n')
      this.log(isPlain ? stripVTControlCharacters(ours) : ours)
    }
  }
}
