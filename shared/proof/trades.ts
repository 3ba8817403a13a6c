import type { NumberName } from '../stage/incidents/lines.ts'
import type { Addition } from './sets.ts'

/** What a pattern gives away by its nature; its README says so too, under "When not to use it". */
export interface Trade {
  chapter: string
  incident: string
  number: NumberName
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
]

export const tradeOf = ({ chapter, incident }: Addition, number: NumberName): Trade | undefined =>
  TRADES.find((trade) => trade.chapter === chapter && trade.incident === incident && trade.number === number)
