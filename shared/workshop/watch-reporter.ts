import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { styleText } from 'node:util'
import type { RunnerTestFile, Vitest } from 'vitest/node'
import ChapterReporter from './reporter.ts'
import { root } from '../manifest/target.ts'

export interface WatchView {
  /** Drawn over the last one; else below it, for a terminal that is none. */
  clears: boolean
  /** The lines below the results. */
  footer(): string[]
}

/** The chapter's results, drawn anew after each save. */
export class WatchReporter extends ChapterReporter {
  protected override readonly isBrief = true
  readonly #view: WatchView
  #last: [RunnerTestFile[], unknown[]] | undefined
  #isRunning = false
  /** While somebody else has the screen. */
  isHidden = false

  constructor(view: WatchView) {
    super({ summary: false })
    this.#view = view
  }

  // Vitest's own banners are about its own keys.
  override onInit(ctx: Vitest): void {
    this.ctx = ctx
  }
  override onWatcherStart(): void {}

  override onWatcherRerun(_files: string[], trigger?: string): void {
    // Or the words of whoever asked for it.
    const file = trigger && resolve(root, trigger)
    this.#say(file && existsSync(file) ? `${relative(root, file)} was saved: running …` : 'Running …')
  }

  override onTestRunStart(...args: Parameters<ChapterReporter['onTestRunStart']>): void {
    super.onTestRunStart(...args)
    if (!this.#last) this.#say('Running …')
    this.#isRunning = true
  }

  override reportSummary(files: RunnerTestFile[], errors: unknown[]): void {
    this.#isRunning = false
    this.#last = [files, errors]
    this.redraw()
  }

  redraw(): void {
    if (!this.#last || this.isHidden) return
    // Home and erase below, and not a reset, so that one can still scroll back to what was there before.
    if (this.#view.clears) this.log('\x1b[H\x1b[2J')
    super.reportSummary(...this.#last)
    for (const line of this.#view.footer()) this.log(line)
    if (this.#isRunning) this.#say('Running …')
  }

  #say(what: string): void {
    if (!this.isHidden) this.log(styleText('dim', what))
  }
}
