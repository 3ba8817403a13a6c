import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { type Chapter, chapters } from '../manifest/chapters.ts'
import { isFresh, readProgress } from '../manifest/progress.ts'
import { isWritten, root } from '../manifest/target.ts'
import { type Child, startChild } from '../stage/child.ts'
import type { ChapterCard } from './state.ts'

/** How the chapters stand, by their suites: run when a chapter is saved, one at a time, behind everything else. */
export class Cards {
  readonly #written = chapters.filter((chapter) => isWritten(chapter))
  /** To be run, the first one first. */
  #queue: Chapter[] = []
  #running: { chapter: Chapter; child: Child } | undefined
  #closed = false

  state(): ChapterCard[] {
    return this.#written.map((chapter) => {
      const progress = readProgress(chapter)
      return {
        number: chapter.number,
        day: chapter.day,
        title: chapter.title,
        steps: chapter.steps.map(({ title, spare = false }, index) => {
          return { title, spare, state: progress?.steps[index]?.state ?? 'unknown' }
        }),
        running: this.#running?.chapter === chapter,
      }
    })
  }

  /** Runs what is out of date, one after the other. */
  refresh(): void {
    this.#queue.push(...this.#written.filter((chapter) => !this.#queue.includes(chapter)))
    this.#next()
  }

  /** A chapter was saved: it is the next, and a run of it that is under way is about something else. */
  saved(number: string): void {
    const chapter = this.#written.find((each) => each.number === number)
    if (!chapter) return
    this.#queue = this.#queue.filter((each) => each !== chapter)
    this.#queue.unshift(chapter)
    if (this.#running?.chapter === chapter) void this.#running.child.drop()
    this.#next()
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#running?.child.drop()
  }

  #next(): void {
    if (this.#running || this.#closed) return
    // What is fresh by now has been run by somebody else: "npm run watch", for one.
    this.#queue = this.#queue.filter((chapter) => !isFresh(chapter))
    const chapter = this.#queue.shift()
    if (!chapter) return
    const child = startChild(
      [join(root, 'shared/workshop/bin.mjs'), 'test', chapter.number],
      { INIT_CWD: root },
      () => {},
    )
    // Parcel and its customers come first, or the charts would be about the tests.
    if (child.process.pid) setPriority(child.process.pid, constants.priority.PRIORITY_BELOW_NORMAL)
    this.#running = { chapter, child }
    void child.exited.then(() => {
      this.#running = undefined
      this.#next()
    })
  }
}
