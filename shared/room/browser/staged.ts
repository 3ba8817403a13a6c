import { type Chapter, chapters } from '../../manifest/chapters.ts'
import { Board } from '../board.ts'
import { classOf, lessonsOf } from '../class.ts'
import { buildDesk } from '../desk.ts'
import { buildFront } from '../front.ts'
import { Laptop } from '../laptop.ts'
import { begin } from '../exercise.ts'

export interface Staged {
  chapter: Chapter
  /** What is typed to join. */
  join: string
  /** Of the board's pages. */
  page: string
  /** Has the class work until that minute of the exercise; the board's clock stands still there. */
  until(minute: number): Promise<void>
  close(): Promise<void>
}

const CODE = 'K7QX3M'
const EPOCH = Date.parse('2026-03-02T09:00:00Z')
const MINUTE_MS = 60_000

/** A class whose laptops are the real thing, but for the hands on them; on the chapter of that number. */
export async function stageClass(number: string, laptops: number, slidesPort = 4000, boardPort = 0): Promise<Staged> {
  const chapter = chapters.find((it) => it.number === number)!
  const [lesson] = lessonsOf([chapter])
  const runs = classOf(laptops, [lesson!], 1, EPOCH)
  const startsAt = EPOCH + lesson!.startMs
  let nowMs = startsAt
  const now = () => nowMs
  const board = new Board({ now })
  const rate = { perSecond: 1e6, burst: 1e6 }
  const front = buildFront({ board, code: CODE, rate })
  const join = `${await front.listen({ host: '127.0.0.1', port: 0 })}/${CODE}`
  const exercise = begin(number, (lesson!.endMs - lesson!.startMs) / MINUTE_MS, startsAt)
  const desk = buildDesk({ board, address: `http://10.0.0.5:4100/${CODE}`, slidesPort, exercise })
  const page = await desk.listen({ host: '127.0.0.1', port: boardPort })
  const seats = Array.from({ length: laptops }, (_, laptop) => new Laptop(join, laptop, { now }))
  await Promise.all(seats.map((laptop) => laptop.run()))
  return {
    chapter,
    join,
    page,
    async until(minute) {
      const at = startsAt + minute * MINUTE_MS
      while (runs[0] && EPOCH + runs[0].atMs <= at) {
        const { atMs, laptop, standing } = runs.shift()!
        nowMs = EPOCH + atMs
        await seats[laptop]!.run(standing)
      }
      nowMs = at
    },
    async close() {
      await Promise.all([front.close(), desk.close()])
    },
  }
}
