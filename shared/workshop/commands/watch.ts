import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { emitKeypressEvents } from 'node:readline'
import { styleText } from 'node:util'
import { createVitest, type Vitest } from 'vitest/node'
import { type Chapter, chapters } from '../chapters.ts'
import { isDone, readProgress } from '../progress.ts'
import { isWritten, projectOf, root, takeTargets } from '../target.ts'
import { Trouble } from '../trouble.ts'
import { WatchReporter } from '../watch-reporter.ts'
import { nextHint } from './hint.ts'
import { barOf, progressBoard } from './progress.ts'

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
      busy = busy.then(() => press(text ?? name ?? '', loop, go))
    })
  }
  if (!quit.signal.aborted) await once(quit.signal, 'abort')
  if (isTerminal) stdin.setRawMode(false)
  await loop.close()
  process.exit(0)
}

const KEYS = { h: 'hint', n: 'next', d: 'diff', l: 'list', r: 'run all', q: 'quit' }

async function press(key: string, loop: Loop, go: (chapter: Chapter) => Promise<void>): Promise<void> {
  const { chapter } = loop
  const numbered = written.find(({ number }) => Number(number) === Number(key.trim() || NaN))
  if (key === 'h') loop.hint()
  else if (key === 'n') await go(written[(written.indexOf(chapter) + 1) % written.length]!)
  else if (key === 'd') loop.lend(() => command('diff', chapter.number))
  else if (key === 'l') for (const line of [...progressBoard(written), KEYS_OF_LIST]) console.log(line)
  else if (key === 'r') await loop.runAll()
  else if (numbered) await go(numbered)
  else console.log(`There is no key ${JSON.stringify(key)} here.${keys()}`)
}

const keys = () =>
  Object.entries(KEYS)
    .map(([key, what]) => `  ${styleText('bold', key)} ${what}`)
    .join('')
const KEYS_OF_LIST = `A chapter's number goes there.${keys()}`

/** In a process of its own, which has the terminal until it ends. */
function command(name: string, ...args: string[]): void {
  spawnSync(process.execPath, [join(root, 'shared/workshop/bin.mjs'), name, ...args], { cwd: root, stdio: 'inherit' })
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
    const vitest = await createVitest('test', {
      root,
      watch: true,
      project: [projectOf({ chapter, subject: 'exercises' })],
      reporters: ['./shared/workshop/keeper.ts', reporter],
    })
    const loop = new Loop(chapter, reporter, vitest)
    // Not awaited: keys are heard while it runs.
    void vitest.start()
    return loop
  }

  hint(): void {
    const progress = readProgress(this.chapter)
    const step = progress?.steps.findIndex(({ state }) => state === 'red') ?? -1
    if (progress?.broken !== undefined) console.log('It does not load: mend the error above first.')
    else if (step < 0) console.log('All steps are green: no hint is needed.')
    else for (const line of nextHint(this.chapter, step)) console.log(line)
  }

  /** Lends the terminal to somebody else for a while. */
  lend(work: () => void): void {
    this.#reporter.isHidden = true
    stdin.setRawMode(false)
    try {
      work()
    } finally {
      stdin.setRawMode(true)
      this.#reporter.isHidden = false
      this.#reporter.redraw()
    }
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
