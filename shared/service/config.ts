import { isIP } from 'node:net'
import { isSimilar } from './similar.ts'

/** One carrier and the origins of its replicas. */
export interface CarrierConfig {
  name: string
  replicas: string[]
  /** What it knows us by. */
  token?: string
}

/** One environment variable. Name, default and description are also the README's table; a test compares the two. */
interface Variable<T> {
  fallback: T
  /** For the error: "… it takes …". */
  takes: string
  about: string
  /** Never to be shown, not even to whoever got it wrong: that goes into a log. */
  isSecret?: true
  /** Undefined when the text is not what it takes. */
  parse(text: string): T | undefined
}

const integer = (fallback: number, min: number, max: number, about: string): Variable<number> => ({
  fallback,
  takes: `a whole number from ${min} to ${max}`,
  about,
  parse: (text) => (/^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : undefined),
})

/** A limit in milliseconds. Never 0, which undici and Node read as "no limit", and at most a day. */
const limitMs = (fallback: number, about: string): Variable<number> => integer(fallback, 1, 86_400_000, `ms ${about}`)

/** A limit that may be 0, for not at all. */
const ms = (fallback: number, about: string): Variable<number> => integer(fallback, 0, 86_400_000, `ms ${about}`)

const optional = (min: number, max: number, about: string): Variable<number | null> => ({
  ...integer(0, min, max, about),
  fallback: null,
})

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

const port = integer(3000, 0, 65_535, 'port to listen on; 0 takes any free one')

const inFlight = integer(64, 1, 1_000_000, '')

export const variables = {
  PORT: port,
  METRICS_PORT: {
    fallback: null,
    takes: 'a whole number from 0 to 65535',
    about:
      'port for `/metrics`, and for probes that no crowd of customers is before; without it, both are on `PORT` alone',
    parse: (text) => port.parse(text),
  } as Variable<number | null>,
  HOST: {
    fallback: '127.0.0.1',
    takes: 'an IP address or a host name',
    about: 'address to listen on; `::` for every network, of IPv6 and IPv4',
    parse: (text) => (isIP(text) || /^[a-z\d]([a-z\d.-]*[a-z\d])?$/i.test(text) ? text : undefined),
  } as Variable<string>,
  CARRIERS: {
    fallback: null,
    takes: 'name=origin|origin,name=origin with lower-case names, such as pigeon=http://10.0.0.1:80|http://10.0.0.2:80',
    about:
      'carriers to ask, each with its replicas; without it, embedded ones start, but not with `NODE_ENV=production`',
    parse: parseCarriers,
  } as Variable<CarrierConfig[] | null>,
  CARRIER_TOKENS: {
    fallback: {},
    takes: 'name=token,name=token with names of CARRIERS and tokens as RFC 6750 has them',
    about: 'secrets by which carriers know us, sent to each as `Authorization: Bearer`; from a Secret, not a ConfigMap',
    isSecret: true,
    parse: parseTokens,
  } as Variable<Record<string, string>>,
  API_KEYS: {
    fallback: new Map(),
    takes: 'name=key,name=key with keys of printable ASCII without commas and spaces, each once',
    about: 'clients that we know by their `x-api-key`; a name may have two keys, while it changes them; from a Secret',
    isSecret: true,
    parse: parseKeys,
  } as Variable<ReadonlyMap<string, string>>,
  CLIENT_RATE: optional(
    1,
    1_000_000,
    'requests of a client in a second, on the long run; without it, there is no limit',
  ),
  CLIENT_BURST: optional(1, 1_000_000, 'requests of a client at once; without it, as many as CLIENT_RATE'),
  MAX_CLIENTS: integer(10_000, 1, 1_000_000, 'clients with a limit of their own; further ones share one'),
  TRUSTED_PROXIES: {
    fallback: null,
    takes: 'addresses and networks, such as 10.0.0.7,10.1.0.0/16,fd00::/8',
    about: 'whose `X-Forwarded-For` says who has asked; without it, nobody’s does',
    parse: parseNetworks,
  } as Variable<string[] | null>,
  REDIS_URL: {
    fallback: null,
    takes: 'a URL such as redis://10.0.0.9:6379 or rediss://user:password@redis.example:6380/1',
    about:
      'a Redis by which all instances share the limit of a client, and with QUOTE_FRESH_MS their prices; without it, each has its own; from a Secret',
    isSecret: true,
    parse: (text) => (/^rediss?:$/.test(URL.parse(text)?.protocol ?? '') ? text : undefined),
  } as Variable<string | null>,
  REDIS_WAIT_MS: limitMs(50, 'for an answer of Redis, after which this instance decides by itself'),
  DATABASE_URL: {
    fallback: null,
    takes:
      'sqlite: and the path of a file, such as sqlite:/var/lib/parcel/scans.db, or the URL of a PostgreSQL, such as postgres://user:password@postgres.example:5432/parcel',
    about:
      'where scans are kept: `sqlite:` and a file, or `postgres:`, from a Secret; without it, in memory, the last 100000 of them, but not with `NODE_ENV=production`',
    isSecret: true,
    parse: (text) =>
      /^sqlite:./.test(text) || (/^postgres(ql)?:\/\/./.test(text) && URL.canParse(text)) ? text : undefined,
  } as Variable<string | null>,
  LOG_LEVEL: {
    fallback: 'info',
    takes: `one of ${LEVELS.join(', ')}`,
    about: 'the least level that is logged, to stdout',
    parse: (text) => (LEVELS.includes(text) ? text : undefined),
  } as Variable<string>,

  CARRIER_CONNECTIONS: integer(32, 1, 10_000, 'sockets per replica; a call more waits for one to come free'),
  CARRIER_CRITICAL_CONNECTIONS: integer(8, 1, 10_000, 'further ones, which are for bookings alone'),
  CARRIER_BATCH_CONNECTIONS: integer(
    4,
    1,
    10_000,
    'further ones, for what can wait: `Priority: u=7`, and reading back',
  ),
  CARRIER_QUEUE: integer(128, 0, 1_000_000, 'calls of each of these kinds that wait for a socket to a replica'),
  CARRIER_QUEUE_MS: limitMs(200, 'that a call waits for a socket to come free'),
  CARRIER_IDLE_MS: limitMs(3000, 'after which an idle socket is not used; a second less than carriers keep theirs'),
  CARRIER_WARM: integer(
    2,
    0,
    10_000,
    'sockets per replica, for bookings and others each, that are open before `/readyz`',
  ),
  EVENT_STREAMS: integer(500, 1, 100_000, 'streams of events at a time, each with a socket of its own to its carrier'),
  CARRIER_MAX_BYTES: integer(65_536, 1, 1_000_000_000, 'bytes of a carrier’s answer, at most'),
  CARRIER_RATES: {
    fallback: {},
    takes: 'name=rate,name=rate with names of CARRIERS and calls a second above 0, such as pigeon=19,swift=0.5',
    about: 'calls a second that carriers take of us, of which each has its line; without one, there is none',
    parse: parseRates,
  } as Variable<Record<string, number>>,
  CARRIER_WAIT_MS: limitMs(100, 'in the line of a carrier, at most; who would need longer goes without'),
  CARRIER_ATTEMPTS: integer(2, 1, 10, 'attempts at a carrier, the first included'),
  BREAKER_FAILURES: integer(5, 1, 1_000_000, 'failures of a replica in a row that open its breaker'),
  BREAKER_PERCENT: integer(
    50,
    1,
    100,
    'share of a replica’s calls of the last ten seconds that opens it when they fail',
  ),
  CARRIER_SOCKET_MS: limitMs(60_000, 'after which a replica’s sockets are opened anew, to where DNS points by then'),
  CARRIER_CONNECT_MS: limitMs(100, 'to open a socket to a carrier'),
  CARRIER_BODY_MS: limitMs(150, 'between two chunks of a carrier’s answer'),
  CARRIER_HEADERS_MS: limitMs(200, 'until a carrier’s headers'),
  CARRIER_CALL_MS: limitMs(250, 'for one whole attempt: waiting for a socket, connecting, headers and body'),
  QUOTE_DEADLINE_MS: limitMs(1000, 'until `GET /quotes` answers with what it has'),
  QUOTE_FRESH_MS: ms(0, 'for which a carrier’s price is given again without asking'),
  QUOTE_PATIENCE_MS: ms(100, 'that a carrier may take before an old price of its own is given'),
  QUOTE_SLOW_MS: ms(60_000, 'that such a price may be old when a carrier is slow'),
  QUOTE_ERROR_MS: ms(600_000, 'that it may be old when a carrier fails; with 0, none is kept, and no call is shared'),
  QUOTE_CACHE_ENTRIES: integer(10_000, 1, 1_000_000, 'prices that are kept, at most'),
  QUOTE_CACHE_BYTES: integer(
    10_000_000,
    1,
    1_000_000_000,
    'bytes of them, at most; in memory it is three times as much',
  ),
  QUOTE_EXTRA_MS: limitMs(50, 'for an extra (`room`), without which a quote is as good'),
  FLAGS_FILE: {
    fallback: null,
    takes: 'the path of a file',
    about: 'JSON such as `{ "room": "auto" }`, reread each second; without it, there are no extras',
    parse: (text) => text,
  } as Variable<string | null>,
  HANDLER_MS: limitMs(3000, 'for any handler; a caller’s `deadline-ms` shortens it, but cannot lengthen it'),

  MAX_IN_FLIGHT: {
    fallback: null,
    takes: 'a whole number from 1 to 1000000',
    about: 'requests at work at a time; without it, as many as a carrier’s replicas have sockets',
    parse: (text) => inFlight.parse(text),
  } as Variable<number | null>,
  MAX_WAITING: integer(
    256,
    0,
    1_000_000,
    'requests of each urgency that wait for one to end; a further one is refused',
  ),
  MAX_WAIT_MS: limitMs(40, 'that a request waits for another one to end'),
  MAX_BURST_WAIT_MS: limitMs(600, 'that it may wait as long as nobody has been waiting for so long'),
  RETRY_AFTER_S: integer(20, 1, 3600, 's after which whoever is refused for that is told to come again, at most'),
  MAX_LOOP_DELAY_MS: {
    fallback: null,
    takes: 'a whole number from 1 to 86400000',
    about: 'ms that the event loop may be late, before fewer requests are at work at a time; without it, never fewer',
    parse: (text) => limitMs(1, '').parse(text),
  } as Variable<number | null>,

  OUTBOX_DIR: {
    fallback: null,
    takes: 'the path of a directory',
    about:
      'where bookings are written down until they are read back, or, with `Prefer: respond-async`, booked; of a disk that outlives the process, and of this one alone; without it, they are in memory',
    parse: (text) => text,
  } as Variable<string | null>,
  OUTBOX_CAPACITY: integer(10_000, 1, 1_000_000, 'of them for each carrier, at most'),

  MAX_BODY_BYTES: integer(16_384, 1, 1_000_000_000, 'bytes of a request’s body, at most'),
  BODY_CHUNK_MS: limitMs(1000, 'between two chunks of a request’s body'),
  HEADERS_MS: limitMs(5000, 'to receive a request’s headers'),
  REQUEST_MS: limitMs(15_000, 'to receive a whole request'),
  BALANCER_IDLE_MS: limitMs(
    60_000,
    'after which the balancer in front closes an idle connection; ours stay open longer',
  ),

  SCAN_LINE_BYTES: integer(4096, 1, 1_000_000, 'bytes of a line of scans, at most'),
  SCAN_BATCH: integer(100, 1, 10_000, 'scans that are written at a time'),
  SCAN_BATCH_MS: ms(5, 'that a scan waits for others to be written with'),
  UPLOADS: integer(16, 1, 1000, 'uploads of scans at a time; a further one is refused'),
  UPLOAD_MS: limitMs(3_600_000, 'for an upload of scans'),

  EVENT_HEARTBEAT_MS: limitMs(15_000, 'of silence after which the reader of an event stream gets a comment line'),

  DRAIN_DELAY_MS: integer(
    2000,
    0,
    86_400_000,
    'ms to go on serving after `/readyz` has failed, for the balancer to notice',
  ),
  SHUTDOWN_MS: limitMs(10_000, 'for all of a shutdown, after which the process exits whatever is left'),
}

type Name = keyof typeof variables
type Value<V> = V extends Variable<infer T> ? T : never
export type Config = { [N in Name]: Value<(typeof variables)[N]> }

/** How the limits fit into each other: the sum on the left stays below the right, or the inner one can never be first. */
export const fits: { sum: Name[]; below: Name }[] = [
  { sum: ['CARRIER_CONNECT_MS'], below: 'CARRIER_CALL_MS' },
  { sum: ['CARRIER_BODY_MS'], below: 'CARRIER_CALL_MS' },
  { sum: ['CARRIER_HEADERS_MS'], below: 'CARRIER_CALL_MS' },
  { sum: ['CARRIER_CALL_MS'], below: 'QUOTE_DEADLINE_MS' },
  { sum: ['QUOTE_PATIENCE_MS'], below: 'QUOTE_DEADLINE_MS' },
  { sum: ['QUOTE_EXTRA_MS'], below: 'QUOTE_DEADLINE_MS' },
  { sum: ['CARRIER_QUEUE_MS'], below: 'QUOTE_DEADLINE_MS' },
  { sum: ['QUOTE_DEADLINE_MS'], below: 'HANDLER_MS' },
  { sum: ['MAX_WAIT_MS'], below: 'QUOTE_DEADLINE_MS' },
  { sum: ['MAX_BURST_WAIT_MS'], below: 'HANDLER_MS' },
  { sum: ['BODY_CHUNK_MS'], below: 'HANDLER_MS' },
  { sum: ['BODY_CHUNK_MS'], below: 'REQUEST_MS' },
  { sum: ['HEADERS_MS'], below: 'REQUEST_MS' },
  { sum: ['EVENT_HEARTBEAT_MS'], below: 'BALANCER_IDLE_MS' },
  { sum: ['DRAIN_DELAY_MS', 'HANDLER_MS'], below: 'SHUTDOWN_MS' },
]

export class ConfigError extends Error {}

/**
 * The configuration that `env` asks for; an empty variable counts as none, as it does in a compose file.
 *
 * @throws ConfigError with a line for each variable that is wrong, so that nobody mends them one start at a time
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const wrong: string[] = []
  const entries = Object.entries(variables).map(([name, { fallback, takes, isSecret, parse }]) => {
    const text = env[name]?.trim()
    const value = text ? parse(text) : fallback
    if (value === undefined) wrong.push(`${name} is ${isSecret ? 'wrong' : JSON.stringify(text)}; it takes ${takes}`)
    return [name, value]
  })
  const config: Config = Object.fromEntries(entries)
  const carriers = config.CARRIERS ?? []
  for (const [name, token] of Object.entries(config.CARRIER_TOKENS ?? {})) {
    const carrier = carriers.find((carrier) => carrier.name === name)
    if (carrier) carrier.token = token
    else wrong.push(`CARRIER_TOKENS has one for ${name}, which is not in CARRIERS`)
  }
  for (const name of Object.keys(config.CARRIER_RATES ?? {})) {
    // The embedded ones have names, too.
    if (config.CARRIERS && carriers.every((carrier) => carrier.name !== name))
      wrong.push(`CARRIER_RATES has one for ${name}, which is not in CARRIERS`)
  }
  const { QUOTE_FRESH_MS: fresh, QUOTE_SLOW_MS: slow, QUOTE_ERROR_MS: error } = config
  if (error > 0 && !(fresh <= slow && slow <= error))
    wrong.push(
      `QUOTE_FRESH_MS, QUOTE_SLOW_MS and QUOTE_ERROR_MS are ${fresh}, ${slow} and ${error}; none may be less than the one before`,
    )
  if (config.CLIENT_BURST && config.CLIENT_RATE === null)
    wrong.push('CLIENT_BURST is set, and CLIENT_RATE is not; a burst is one of a rate')
  for (const name of ['CARRIERS', 'DATABASE_URL'] as const) {
    if (env.NODE_ENV === 'production' && config[name] === null)
      wrong.push(`${name} is not set, as it must be with NODE_ENV=production; it takes ${variables[name].takes}`)
  }
  if (config.METRICS_PORT === config.PORT && config.PORT !== 0)
    wrong.push(`METRICS_PORT is PORT, ${config.PORT}; it takes another one`)
  for (const { sum, below } of fits) {
    const total = sum.reduce((ms, name) => ms + Number(config[name]), 0)
    if (total >= Number(config[below])) {
      wrong.push(`${sum.join(' + ')} is ${total}; it takes less than ${below}, which is ${config[below]}`)
    }
  }
  if (wrong.length > 0) throw new ConfigError([...wrong, ...strangers(env)].join('\n'))
  return config
}

/** A line for each variable that is none of ours, but looks as if it was to be one. */
export function strangers(env: Record<string, string | undefined>): string[] {
  const ours = Object.keys(variables)
  return Object.keys(env).flatMap((name) => {
    const meant = env[name] && !ours.includes(name) ? ours.find((our) => isSimilar(our, name)) : undefined
    return meant ? [`${name} is no variable of Parcel’s; is it to be ${meant}?`] : []
  })
}

function parseCarriers(text: string): CarrierConfig[] | undefined {
  const carriers = text.split(',').map((entry) => {
    const [name = '', origins = ''] = entry.trim().split(/=(.*)/)
    return { name, replicas: origins.split('|').map(originOf) }
  })
  const names = new Set(carriers.map(({ name }) => name))
  const isRight = (carrier: (typeof carriers)[number]): carrier is CarrierConfig =>
    /^[a-z][a-z\d]{0,31}$/.test(carrier.name) && !carrier.replicas.includes(undefined)
  return names.size === carriers.length && carriers.every(isRight) ? carriers : undefined
}

function parseTokens(text: string): Record<string, string> | undefined {
  const tokens = text.split(',').map((entry) => /^\s*([a-z][a-z\d]{0,31})=([\w.~+/-]+=*)\s*$/.exec(entry))
  return tokens.includes(null) ? undefined : Object.fromEntries(tokens.map((match) => [match![1], match![2]]))
}

const pairsOf = (text: string) => text.split(',').map((entry) => entry.trim().split(/=(.*)/s))

/** The name of each key. */
function parseKeys(text: string): Map<string, string> | undefined {
  const pairs = pairsOf(text)
  const names = new Map(pairs.map(([name = '', key = '']) => [key, name]))
  const isRight = pairs.every(([name = '', key = '']) => /^[\w.-]+$/.test(name) && /^[!-+--~]+$/.test(key))
  return isRight && names.size === pairs.length ? names : undefined
}

function parseRates(text: string): Record<string, number> | undefined {
  const pairs = pairsOf(text)
  const isRight = pairs.every(
    ([name = '', rate = '']) =>
      /^[a-z][a-z\d]{0,31}$/.test(name) && /^\d{1,6}(\.\d{1,3})?$/.test(rate) && Number(rate) > 0,
  )
  return isRight ? Object.fromEntries(pairs.map(([name, rate]) => [name, Number(rate)])) : undefined
}

function parseNetworks(text: string): string[] | undefined {
  const networks = text.split(',').map((entry) => entry.trim())
  const isRight = (network: string) => {
    const [, ip = '', bits = '0'] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(network) ?? []
    return isIP(ip) > 0 && Number(bits) <= (isIP(ip) === 4 ? 32 : 128)
  }
  return networks.every(isRight) ? networks : undefined
}

/** As a URL has it: without its scheme's own port, and in lower case. Undefined for more than an origin. */
function originOf(text: string): string | undefined {
  const url = /^https?:\/\/\S+$/i.test(text) ? URL.parse(text) : null
  return url?.href === `${url?.origin}/` ? url?.origin : undefined
}
