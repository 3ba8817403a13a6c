import type { NumberName } from '../stage/incidents/lines.ts'
import type { Addition } from './sets.ts'

/** What a pattern gives away by its nature; its README says so too, under "When not to use it". */
export interface Trade {
  chapter: string
  incident: string
  number: NumberName
  /** The chapter that ends it: where that one is solved, it is no trade any more. */
  until?: string
  because: string
}

export const TRADES: Trade[] = [
  {
    chapter: '07',
    incident: '07',
    number: 'p99Ms',
    because:
      'who is refused is refused at once; who is served waits for the answer, and until 06 is solved for its tail',
  },
  {
    chapter: '03',
    incident: '03',
    number: 'full',
    because:
      'where nine answers in ten are errors, three attempts each would find more than twice as many, for three calls a quote',
  },
  {
    chapter: '08',
    incident: '04',
    number: 'success',
    until: '01',
    because:
      'a call that nobody ends keeps its place, and the door is soon full of them: it refuses at once those who would have waited for seconds',
  },
  ...(['success', 'p99Ms'] as const).map((number) => ({
    chapter: '06',
    incident: '04',
    number,
    until: '01',
    because: 'a hedge of a call that nobody ends is one more, behind a door that is full of them',
  })),
  {
    chapter: '05',
    incident: 'finale',
    number: 'amplification',
    until: '03',
    because:
      'one after the other, the last carriers are often not asked at all, as there is no time left; side by side, all are, and without a budget all again',
  },
]

export const tradeOf = ({ to, chapter, incident }: Addition, number: NumberName): Trade | undefined =>
  TRADES.find(
    (trade) =>
      trade.chapter === chapter &&
      trade.incident === incident &&
      trade.number === number &&
      !(trade.until !== undefined && to.includes(trade.until)),
  )
