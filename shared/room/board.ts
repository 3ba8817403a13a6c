import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Chapter, chapters } from '../manifest/chapters.ts'
import { testsNamedIn } from '../manifest/sections.ts'
import { isWritten, pathOf, root } from '../manifest/target.ts'
import { MEMBERSHIP_MS } from './membership.ts'
import { tagOf } from './news.ts'
import type { Heard } from './schema.ts'

/** How somebody stands in a chapter. Times are of `Date.now()`, on this machine. */
export interface Place {
  green: ReadonlySet<number>
  red: string | null
  hints: number
  /** The last change of colour. */
  changedAt: number
  heardAt: number
}

export interface Person {
  /** The nickname, or four digits. */
  label: string
  places: Map<string, Place>
  heardAt: number
}

/** What became of a message: a laptop that has `left` speaks no more, `anew` asks for all of it. */
export type Reception = 'heard' | 'anew' | 'left' | 'full'

/** A lecture hall. */
export const MAX_PEOPLE = 500
const MAX_LEFT = 5_000

interface Known {
  chapter: Chapter
  tests: ReadonlySet<string>
}

/** By its number, every chapter that can be worked on; and what its tests are called. */
const KNOWN: ReadonlyMap<string, Known> = new Map(
  chapters
    .filter((chapter) => isWritten(chapter))
    .map((chapter) => {
      const readme = readFileSync(join(root, pathOf({ chapter, subject: 'exercises' }), 'README.md'), 'utf8')
      return [chapter.number, { chapter, tests: new Set(testsNamedIn(readme)) }]
    }),
)

export interface BoardOptions {
  /** By which laptops tell it from one that has begun anew. Default: one that nobody has had. */
  id?: string
  people?: Iterable<[string, Person]>
  /** Of `Date.now()`. */
  now?: () => number
}

/** Who is in the room, and how they stand: in memory, of a bounded size, and gone with the process. */
export class Board {
  readonly id: string
  readonly now: () => number
  readonly #people: Map<string, Person>
  /** Who has left may still have a message under way. */
  readonly #left = new Set<string>()
  /** Changes with whatever is known. */
  version = 0

  constructor({ id = randomBytes(9).toString('base64url'), people = [], now = Date.now }: BoardOptions = {}) {
    this.id = id
    this.#people = new Map(people)
    this.now = now
    this.#forget()
  }

  get people(): ReadonlyMap<string, Person> {
    return this.#people
  }

  /** Takes what a laptop tells of itself, in the place of what it has told of those chapters before. */
  hear(id: string, { board, name, chapters: reports }: Heard): Reception {
    if (this.#left.has(id)) return 'left'
    this.#forget()
    const known = this.#people.get(id)
    // A laptop that says nothing of a board tells all of it.
    if (board !== null && (board !== this.id || !known)) return 'anew'
    if (!known && this.#people.size >= MAX_PEOPLE) return 'full'
    const now = this.now()
    const person: Person = known ?? { label: tagOf(id), places: new Map(), heardAt: now }
    if (board === null) {
      person.places.clear()
      person.label = name ?? tagOf(id)
    }
    person.heardAt = now
    for (const { chapter, green, red, hints, quietS } of reports) {
      const known = KNOWN.get(chapter)
      if (!known) continue
      person.places.set(chapter, {
        green: new Set(green.filter((number) => number <= known.chapter.steps.length)),
        // Nobody writes on the instructor's screen: only a name that is in our own README.
        red: red !== null && known.tests.has(red) ? red : null,
        hints,
        changedAt: now - quietS * 1000,
        heardAt: now,
      })
    }
    this.#people.set(id, person)
    this.version++
    return 'heard'
  }

  leave(id: string): void {
    if (!this.#people.delete(id)) return
    this.version++
    if (this.#left.size < MAX_LEFT) this.#left.add(id)
  }

  /** Whose membership is over has gone home, and would be counted and missed on the next day of a class. */
  #forget(): void {
    const since = this.now() - MEMBERSHIP_MS
    for (const [id, { heardAt }] of this.#people) if (heardAt < since) this.#people.delete(id)
  }
}
