import type { Fault } from '../../carriers/fleet.ts'
import { CARRIER_NAMES, type CarrierName } from '../../carriers/tariffs.ts'
import type { Interest } from '../arrivals.ts'
import type { Insists } from '../customers.ts'
import type { Seen } from './seen.ts'

// A chapter's incident, for whoever plays it: the Lab on a stage, the game day for a grade, the proof on sets of chapters.
// It is played in isolation, all other chapters solved: what it shows is this chapter's code and nothing else's. So an
// incident sets the environment in which no other chapter hides it, and the reason stands beside it.

export interface FaultAt {
  carrier: CarrierName
  fault: Fault | null
  /** Both, unless it says which. */
  replica?: number
}

/** Who comes. Each asks for a quote, or books, once. */
export interface Traffic extends Interest {
  /** Arrivals for each side, on average. */
  perSecond: number
  /** They come from so many shops, in turn, of which each has an API key. Default: nobody has one. */
  shops?: number
  /** While it goes wrong, one more asks so many times a second where a parcel is. He has a key, and none of the others' figures. */
  greedyPerSecond?: number
  /** When it begins to go wrong, so many more come a second, for five seconds. */
  rush?: number
  /** Default: everybody asks once, and is patient. */
  insists?: Insists
  /** They do not ask for quotes, they book; each with another carrier in turn. */
  bookings?: true
  /** While it goes wrong, somebody prints a price list: so many quotes at a time, as background work, in none of the figures. */
  sheet?: number
  /** While it goes wrong, a courier uploads so many scans at once, and again a while later; in none of the figures. */
  scans?: number
  /** While it goes wrong, a shop hands in so many orders a second, and is content with a 202 for each; in none of the figures. */
  orders?: number
}

/** Whom such a shop books with. */
export const ORDERED_FROM: CarrierName = 'pigeon'

const GREEDY = 'greedy'
export const keyOfShop = (number: number): string => `sk-shop-${number}`
export const keyOfGreedy = `sk-${GREEDY}`

/** As in the environment's API_KEYS. */
const apiKeys = (shops: number) =>
  [...Array.from({ length: shops }, (_, i) => `shop-${i}=${keyOfShop(i)}`), `${GREEDY}=${keyOfGreedy}`].join(',')

/** The one number that a chapter is about. */
export type Point =
  /** Percentiles of what a quote takes, in ms. */
  | { number: 'p50Ms' | 'p99Ms'; carrier?: CarrierName }
  /** How many requests failed while Parcel was replaced. */
  | { number: 'failed'; carrier?: undefined }
  /** How many of a hundred customers were sent away. */
  | { number: 'sentAway'; carrier?: undefined }
  /** How many of a hundred customers did not get the prices of all carriers, new or old. */
  | { number: 'lacking'; carrier?: undefined }
  /** How many of a hundred customers went away without an answer, however often they had asked. */
  | { number: 'unserved'; carrier?: undefined }
  /** How many of a hundred bookings came to nothing. */
  | { number: 'lost'; carrier?: undefined }
  /** How many of a hundred bookings that were promised nobody knows of any more. */
  | { number: 'forgotten'; carrier?: undefined }
  /** How often Parcel calls that carrier for one quote. */
  | { number: 'callsPerQuote'; carrier: CarrierName }

/** A column of a carrier's figures. */
export type Column = 'breakers' | 'attempts' | 'retries' | 'hedges' | 'in-flight' | 'missing'

export interface Incident {
  id: string
  /** Its number, as in `01`. */
  chapter: string
  title: string
  traffic: Traffic
  faults: FaultAt[]
  /** Parcel is replaced meanwhile. */
  restart?: true
  /** Parcel is killed so many times meanwhile, and started again; then what was wrong is mended. */
  kills?: number
  /** Of its Parcels, beyond their defaults. */
  env?: Record<string, string>
  point: Point
  /** Where, among a carrier's figures, one sees why. */
  lit?: Column
  /** What is seen on either side, in a sentence that holds whoever has solved what: it says what was counted. */
  look: (left: Seen, right: Seen) => string
}

const whole = (value: number) => (Number.isFinite(value) ? String(Math.round(value)) : '?')
const times = (value: number) => (whole(value) === '1' ? 'once' : `${whole(value)} times`)
const customers = (count: number) => (count === 1 ? '1 customer waits' : `${count} customers wait`)
const failed = ({ restart }: Seen) => (restart ? `${restart.failed} of ${restart.requests}` : 'nobody')

/** Stands for a file that is there for as long as its Parcel is. */
export const TEMPORARY_DATABASE = 'sqlite:temporary'
/** Stands for a folder that outlives its Parcel when that is killed. */
export const TEMPORARY_OUTBOX = 'temporary'

/** Of a healthy day. */
export const DEFAULT_PER_SECOND = 20

/** Enough for a p99 after some seconds, little enough for two cores. */
const USUAL: Traffic = { perSecond: 40 }

const SHOPS = 20
const SHEET = 40
// A naive Parcel keeps all that belongs to each of them, and has 192 MB to do so: of more it dies, and nothing is to be seen.
const SCANS = 12_000

const allSlower = (delayMs: number): FaultAt[] =>
  CARRIER_NAMES.map((carrier) => ({ carrier, fault: { kind: 'slow-headers', delayMs } }))
/** They are well: a call takes a tenth of a second, as over a distance. */
const DISTANT = allSlower(80)

/** In the order of their chapters; a chapter need not have one. */
export const incidents: Incident[] = [
  {
    id: 'hang',
    chapter: '01',
    title: 'A carrier hangs',
    traffic: USUAL,
    faults: [{ carrier: 'pigeon', fault: { kind: 'blackhole' } }],
    // Nobody has thought of a limit for the whole: 05's would answer without pigeon, after a second.
    // And those who wait are no reason to refuse the others (08).
    env: { QUOTE_DEADLINE_MS: '25000', HANDLER_MS: '28000', SHUTDOWN_MS: '31000', MAX_IN_FLIGHT: '10000' },
    point: { number: 'p99Ms', carrier: 'pigeon' },
    lit: 'in-flight',
    look: (left, right) =>
      `Pigeon says nothing: ${customers(left.waiting)} on the left, ${right.waiting} on the right.`,
  },
  {
    id: 'deploy',
    chapter: '02',
    title: 'A deploy under load',
    traffic: USUAL,
    faults: [],
    restart: true,
    // Two more Parcels start on this machine meanwhile. Who is late for that is no fault of the deploy; who is cut off is.
    env: { CARRIER_HEADERS_MS: '4000', CARRIER_CALL_MS: '4500', QUOTE_DEADLINE_MS: '5000', HANDLER_MS: '6000' },
    point: { number: 'failed' },
    look: (left, right) =>
      `Of those who asked meanwhile, ${failed(left)} went away without an answer on the left, ${failed(right)} on the right.`,
  },
  {
    id: 'flaky',
    chapter: '03',
    title: 'A flaky carrier',
    traffic: USUAL,
    faults: [{ carrier: 'swift', fault: { kind: '5xx', rate: 0.9 } }],
    // A breaker at its defaults opens, and then there is nothing to be retried. One answer in ten is worth having: here
    // they open for the dead only.
    env: { CARRIER_ATTEMPTS: '3', BREAKER_FAILURES: '1000', BREAKER_PERCENT: '100' },
    point: { number: 'callsPerQuote', carrier: 'swift' },
    lit: 'retries',
    look: (left, right) => {
      const calls = ({ callsPerSecond }: Seen) => times(callsPerSecond('swift'))
      return `Nine of swift’s answers in ten are errors; the left asks it ${calls(left)} a second, the right ${calls(right)}.`
    },
  },
  {
    id: 'dead',
    chapter: '04',
    title: 'A dead carrier',
    traffic: USUAL,
    faults: [{ carrier: 'albatross', fault: { kind: 'slow-headers', delayMs: 3000 } }],
    point: { number: 'p50Ms', carrier: 'albatross' },
    lit: 'breakers',
    look: (left, right) => {
      const calls = ({ callsPerSecond }: Seen) => times(callsPerSecond('albatross'))
      return `Albatross is dead; the left asks it ${calls(left)} a second, the right ${calls(right)}.`
    },
  },
  {
    id: 'slow',
    chapter: '05',
    title: 'Everybody is a little slow',
    traffic: USUAL,
    // Below the limit of 200 ms for headers, also on top of the 80 ms that a carrier takes now and then.
    faults: allSlower(100),
    point: { number: 'p50Ms' },
    look: () => 'Each of the five carriers takes 100 ms more than usual, on either side.',
  },
  {
    id: 'tail',
    chapter: '06',
    title: 'A long tail',
    traffic: USUAL,
    // Nothing breaks: the tail is what the carriers are like, on their best days.
    faults: [],
    // As patient as most clients are. A limit of 250 ms cuts the tail off as well, at the price of a retry.
    env: { CARRIER_HEADERS_MS: '1400', CARRIER_CALL_MS: '1500', QUOTE_DEADLINE_MS: '2000' },
    point: { number: 'p99Ms' },
    lit: 'hedges',
    look: (left, right) => {
      const more = ({ hedgeShare }: Seen) => whole(100 * hedgeShare)
      return `Nothing is broken. Second calls, for what is late: ${more(left)} % more on the left, ${more(right)} % on the right.`
    },
  },
  {
    id: 'greedy',
    chapter: '07',
    title: 'A greedy customer',
    traffic: { ...USUAL, shops: SHOPS, greedyPerSecond: 300 },
    faults: [],
    // A limit, which Parcel has none of by itself: more than all the others ask for together, and they are twenty.
    env: { CLIENT_RATE: '50', CLIENT_BURST: '100', API_KEYS: apiKeys(SHOPS) },
    point: { number: 'sentAway' },
    look: (left, right) => {
      const served = ({ greedyPerSecond: { served } }: Seen) => whole(served)
      return `One of ${SHOPS + 1} asks ${whole(left.greedyPerSecond.asked)} times a second, and is served ${served(left)} times on the left, ${served(right)} on the right.`
    },
  },
  {
    id: 'rush',
    chapter: '08',
    title: 'A rush of five seconds',
    traffic: { ...USUAL, rush: 100, insists: { patienceMs: 1000, attempts: 4 } },
    faults: DISTANT,
    // Four sockets to each replica are 80 calls a second, for 40, and for 140 in the rush; sixteen quotes at a time keep
    // them busy. Whoever finds none free may wait for as long as they like: the queues of 10 would be a door of their own.
    // One place comes free every 12 ms, where a Parcel of its own has a thousand a second: so one waits for longer. And whoever is
    // refused comes back while somebody is still looking.
    env: {
      CARRIER_CONNECTIONS: '4',
      MAX_IN_FLIGHT: '16',
      MAX_WAIT_MS: '100',
      RETRY_AFTER_S: '3',
      CARRIER_QUEUE: '100000',
      CARRIER_QUEUE_MS: '2400',
      QUOTE_DEADLINE_MS: '2500',
    },
    point: { number: 'unserved' },
    look: (left, right) => {
      const all = ({ answered }: Seen) => whole(100 * answered)
      return `Every carrier is well, and the rush takes five seconds. Of a hundred, ${all(left)} are served on the left, ${all(right)} on the right.`
    },
  },
  {
    id: 'newsletter',
    chapter: '09',
    title: 'A newsletter, and two dead carriers',
    // Nine in ten ask one of five questions, and all readers the same: nothing is ever asked twice in the others.
    traffic: { ...USUAL, popular: 0.9, crowd: 50 },
    faults: [
      { carrier: 'pigeon', fault: { kind: 'blackhole' } },
      { carrier: 'swift', fault: { kind: '5xx', status: 503 } },
    ],
    // A price is fresh for a second, so that each crowd finds an old one; and nobody of it is sent away (08).
    env: { QUOTE_FRESH_MS: '1000', MAX_IN_FLIGHT: '10000' },
    point: { number: 'lacking' },
    lit: 'missing',
    look: (left, right) => {
      const all = ({ whole: share }: Seen) => whole(100 * share)
      return `Pigeon hangs and swift fails: of a hundred answers ${all(left)} have all five prices on the left, ${all(right)} on the right.`
    },
  },
  {
    id: 'sheet',
    chapter: '10',
    title: 'A price list',
    traffic: { perSecond: 15, bookings: true, sheet: SHEET },
    faults: DISTANT,
    // A few sockets, so that forty callers are a crowd; and 08's door, which has as many places as these, is not what they
    // wait at.
    env: {
      CARRIER_CONNECTIONS: '1',
      CARRIER_CRITICAL_CONNECTIONS: '1',
      CARRIER_BATCH_CONNECTIONS: '2',
      MAX_IN_FLIGHT: '10000',
    },
    point: { number: 'lost' },
    look: (left, right) => {
      const printed = ({ sheetPerSecond }: Seen) => whole(sheetPerSecond)
      return `Every carrier is well. Of a price list, ${SHEET} at a time, Parcel answers ${printed(left)} quotes a second on the left, ${printed(right)} on the right.`
    },
  },
  {
    id: 'scans',
    chapter: '11',
    title: 'Twelve thousand scans',
    traffic: { ...USUAL, scans: SCANS },
    faults: [],
    // A file of its own for each Parcel (parcel.ts): memory is too fast for anybody to notice.
    env: { DATABASE_URL: TEMPORARY_DATABASE },
    point: { number: 'p99Ms' },
    look: (left, right) => {
      const written = ({ scansWritten }: Seen) => scansWritten.toLocaleString('en')
      return `Pelican uploads ${SCANS.toLocaleString('en')} scans. In the last seconds Parcel has written ${written(left)} on the left, ${written(right)} on the right.`
    },
  },
  {
    id: 'killed',
    chapter: '12',
    title: 'Killed at 03:41',
    // Who only asks for a price asks again until somebody is there; nobody has promised them anything.
    traffic: { perSecond: 10, orders: 40, insists: { patienceMs: 5000, attempts: 30, pauseMs: 1000 } },
    faults: [{ carrier: ORDERED_FROM, fault: { kind: '5xx', status: 503 } }],
    kills: 3,
    // A folder of its own for each side (side.ts), and room at 08's door for a heap of orders.
    env: { OUTBOX_DIR: TEMPORARY_OUTBOX, MAX_IN_FLIGHT: '10000' },
    point: { number: 'forgotten' },
    look: (left, right) => {
      const kept = ({ orders: { promised, known } }: Seen) => `${known} of ${promised}`
      return `Pigeon was away, and Parcel was killed ${times(right.orders.kills)}. Promised, and still known: ${kept(left)} on the left, ${kept(right)} on the right.`
    },
  },
]

export const incidentOf = (id: string): Incident => incidents.find((incident) => incident.id === id)!
