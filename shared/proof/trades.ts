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
  ...(['success', 'after', 'p50Ms'] as const).flatMap((number) => [
    {
      chapter: '08',
      incident: '08',
      number,
      until: '05',
      because:
        'its door has as many places as the carriers have sockets for five calls side by side; one after the other, each is taken for five times as long',
    },
    {
      chapter: '10',
      incident: '08',
      number,
      until: '08',
      because: 'with it the sockets have an end, and without a door the queue before them has none',
    },
  ]),
  ...(['05', '09'] as const).map((chapter) => ({
    chapter,
    incident: '09',
    number: 'amplification' as const,
    until: '04',
    because: 'whoever hangs asks nobody; who is served asks all, and until a breaker is open also those who are dead',
  })),
  {
    chapter: '04',
    incident: '09',
    number: 'recoveryS',
    until: '05',
    because: 'an open breaker asks again some seconds later, and one after the other each adds its own',
  },
  ...(['success', 'p99Ms'] as const).map((number) => ({
    chapter: '05',
    incident: '10',
    number,
    until: '10',
    because: 'side by side, a price list fills all sockets at once, and bookings stand behind it',
  })),
  {
    chapter: '01',
    incident: 'finale',
    number: 'p50Ms',
    until: '03',
    because: 'each attempt at a dead carrier ends in time now, and until 03 is solved two more follow it at once',
  },
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
