export interface Program {
  what: string
  /** About how long it takes, in seconds, on a machine with two cores and nothing else to do. */
  seconds: number
}

/** Each is a program of its own in this folder, which prints what it found, keeps it with `--save`, and ends by itself. */
export const programs: Record<string, Program> = {
  price: {
    what: 'what each pattern costs a call, beside cockatiel, opossum, p-retry, p-timeout, p-limit',
    seconds: 60,
  },
  throughput: {
    what: 'Parcel beside a service on cockatiel and a bare pass-through, under the same load',
    seconds: 210,
  },
  overload: {
    what: 'more customers than Parcel can serve, a spike, pauses: its door, no door, and others',
    seconds: 2700,
  },
  places: { what: 'how the door’s limit finds how many there should be inside, in virtual time', seconds: 30 },
  jitter: { what: 'the table of “Exponential Backoff And Jitter”, in virtual time', seconds: 5 },
  herd: {
    what: 'a hundred clients and a carrier that is just back, skeleton and solution, in virtual time',
    seconds: 5,
  },
  amplification: { what: 'what three layers of retries make of one call, in virtual time', seconds: 10 },
  'fan-out': { what: 'how many requests meet a slow leaf', seconds: 1 },
  'tail-at-scale': { what: 'hedging over 100 leaves, 100,000 requests in virtual time', seconds: 60 },
  collapse: { what: 'what hedging without a budget does to a busy service, in virtual time', seconds: 20 },
  'hedge-sockets': { what: 'the long tail of twenty replicas on real sockets, hedged and not', seconds: 45 },
  limits: {
    what: 'limits by client beside limiter, rate-limiter-flexible, @fastify/rate-limit; a million names, a frozen Redis',
    seconds: 120,
  },
  newsletter: {
    what: 'a thousand customers at the moment of expiry, eight instances with a second level, a frozen Redis',
    seconds: 60,
  },
  routing: {
    what: 'routes beside a client for each request, one pool, two pools: a job beside what is critical; the price of a place',
    seconds: 150,
  },
  batching: {
    what: 'writes alone and in batches, also into the PostgreSQL of DATABASE_URL, stages that overlap, a fan-out; the price of an item beside dataloader and streams',
    seconds: 60,
  },
  durable: {
    what: 'appends that are on disk, alone and together, beside SQLite, LevelDB, appendFile and PostgreSQL; an outage of half a minute',
    seconds: 110,
  },
  shutdown: { what: 'ways to shut down a server: milliseconds, and who was cut off', seconds: 90 },
  'rolling-restart': { what: 'twenty restarts under load, skeletons and solutions: requests failed', seconds: 240 },
}
