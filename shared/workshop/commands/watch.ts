import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { emitKeypressEvents } from 'node:readline'
import { styleText } from 'node:util'
import { createVitest, type Vitest } from 'vitest/node'
import { type Chapter, chapters } from '../../manifest/chapters.ts'
import { isDone, readProgress } from '../../manifest/progress.ts'
import { chapterRun } from '../chapter-run.ts'
import { isWritten, root, takeTargets } from '../../manifest/target.ts'
import { sleep } from '../../core/sleep.ts'
import { Trouble } from '../../core/trouble.ts'
import { WatchReporter } from '../watch-reporter.ts'
import { nextHint } from './hint.ts'
import { barOf, progressRows } from './progress.ts'

const { stdin, stdout } = process
const isTerminal = Boolean(stdin.isTTY && stdout.isTTY)
const written = chapters.filter((chapter) => isWritten(chapter))

/** The loop: the chapter's suite again at each save, with a key for everything else that one does in between. */
export async function run(args: string[]): Promise<void> {
  const { targets, rest } = takeTargets(args)
  if (rest.length > 0) throw new Trouble(`npm run watch takes a chapter and nothing else, not "${rest.join(' ')}".`)
  const first = targets[0]?.chapter ?? written.find((chapter) => !isDone(chapter)) ?? written[0]!
  let loop = await Loop.open(first)
  const quit = new AbortController()

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => quit.abort())
  // npm has gone, or the terminal: nobody can see us any more.
  stdin.once('end', () => isTerminal && quit.abort())
  if (isTerminal) {
    emitKeypressEvents(stdin)
    stdin.setRawMode(true)
    const go = async (chapter: Chapter) => {
      await loop.close()
      loop = await Loop.open(chapter)
    }
    let busy = Promise.resolve()
    stdin.on('keypress', (text: string | undefined, { name, ctrl }: { name?: string; ctrl: boolean }) => {
      if (name === 'q' || (ctrl && name === 'c')) return quit.abort()
      // One after the other: a second "next" must not find the first one half-way.
      busy = busy.then(() => press(name ?? text ?? '', loop, go))
    })
  }
  if (!quit.signal.aborted) await once(quit.signal, 'abort')
  if (isTerminal) stdin.setRawMode(false)
  // A test that is stuck would have us wait for the watchdog.
  await Promise.race([loop.close(), sleep(1000)])
  process.exit(0)
}

const KEYS = { h: 'hint', n: 'next chapter', d: 'diff', l: 'list', r: 'run all', q: 'quit' }

async function press(key: string, loop: Loop, go: (chapter: Chapter) => Promise<void>): Promise<void> {
  const { chapter } = loop
  const numbered = written.find(({ number }) => Number(number) === Number(key))
  if (key === 'h') loop.hint()
  else if (key === 'n') await go(nextAfter(chapter))
  else if (key === 'd') loop.lend(() => command('diff', chapter.number))
  else if (key === 'l') for (const line of ['', ...progressRows(written), '', KEYS_OF_LIST]) console.log(line)
  else if (key === 'r') await loop.runAll()
  else if (numbered) await go(numbered)
  else console.log(/^\d$/.test(key) ? `There is no chapter ${key}.` : `There is no key "${key}" here.${keys()}`)
}

/** The next that is not done yet, also from the beginning; when all are, simply the next. */
function nextAfter(chapter: Chapter): Chapter {
  const index = written.indexOf(chapter)
  const others = [...written.slice(index + 1), ...written.slice(0, index)]
  return others.find((it) => !isDone(it)) ?? others[0] ?? chapter
}

const keys = () =>
  Object.entries(KEYS)
    .map(([key, what]) => `  ${styleText('bold', key)} ${what}`)
    .join('')
const KEYS_OF_LIST = `A chapter's number goes there.${keys()}`

/** In a process of its own, which has the terminal until it ends. @returns whether all went well */
function command(name: string, ...args: string[]): boolean {
  const bin = join(root, 'shared/workshop/bin.mjs')
  return spawnSync(process.execPath, [bin, name, ...args], { cwd: root, stdio: 'inherit' }).status === 0
}

/** A chapter that is being watched. */
class Loop {
  readonly chapter: Chapter
  readonly #reporter: WatchReporter
  readonly #vitest: Vitest

  constructor(chapter: Chapter, reporter: WatchReporter, vitest: Vitest) {
    this.chapter = chapter
    this.#reporter = reporter
    this.#vitest = vitest
  }

  static async open(chapter: Chapter): Promise<Loop> {
    const reporter = new WatchReporter({
      clears: isTerminal,
      footer: () => [barOf(chapter), ...(isTerminal ? [keys()] : [])],
    })
    const run = chapterRun([{ chapter, subject: 'exercises' }])
    const reporters = [...run.reporters, reporter]
    const vitest = await createVitest('test', { watch: true, ...run, reporters })
    const loop = new Loop(chapter, reporter, vitest)
    // Not awaited: keys are heard while it runs.
    void vitest.start()
    return loop
  }

  hint(): void {
    const progress = readProgress(this.chapter)
    const step = progress?.steps.findIndex(({ state }) => state === 'red') ?? -1
    if (progress?.broken !== undefined) console.log('The tests do not run: mend the error above first.')
    else if (step < 0) console.log('All steps are green: "n" goes on, "d" compares yours with ours.')
    else for (const line of nextHint(this.chapter, step)) console.log(line)
  }

  /** Lends the terminal to somebody else for a while; what went wrong there stays to be read. */
  lend(work: () => boolean): void {
    this.#reporter.isHidden = true
    stdin.setRawMode(false)
    const isFine = work()
    stdin.setRawMode(true)
    this.#reporter.isHidden = false
    if (isFine) this.#reporter.redraw()
  }

  async runAll(): Promise<void> {
    await this.#vitest.rerunTestSpecifications(await this.#vitest.globTestSpecifications(), true)
  }

  /** What runs is not waited for: Vitest ends its processes. */
  async close(): Promise<void> {
    this.#reporter.isHidden = true
    await this.#vitest.close()
  }
}
