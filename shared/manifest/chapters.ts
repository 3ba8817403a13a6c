/**
 * The one manifest. Vitest's projects, the commands and the gate are derived from it; a new chapter begins here.
 */
export interface Step {
  /** The same words head the step in the README, in hints.md, and in the suite (`describe('Step 1: …')`). */
  title: string
  /** For a working engineer who has read the README. */
  minutes: number
  /** A "Time to spare?" step: part of the production-grade list, not of the room's half hour. */
  spare?: true
  /** A core step to leave out when the day is late: tried, the others turn green without it. One in each chapter. */
  cut?: true
}

/** Each stands alone, as each chapter does. */
export const days = { 1: 'One call', 2: 'Under load', 3: 'Between services' }
export type Day = keyof typeof days

export interface Chapter {
  /** Two digits, as typed: `npm test 01`. */
  number: string
  slug: string
  title: string
  day: Day
  /** What goes wrong without it, in a line. */
  fails: string
  /** The files that an attendee edits, in reading order. */
  files: string[]
  steps: Step[]
}

export const chapters: Chapter[] = [
  {
    number: '01',
    slug: 'timeouts',
    title: 'Timeouts',
    day: 1,
    fails: 'a carrier that says nothing takes the service with it',
    files: ['timeout.ts', 'deadline.ts', 'client.ts', 'server.ts'],
    steps: [
      { title: 'Stop waiting, and stop the work', minutes: 9 },
      { title: 'Leave nothing behind', minutes: 6 },
      { title: 'A deadline, not a duration', minutes: 6 },
      { title: 'Let it travel', minutes: 5, cut: true },
      { title: 'One limit around a whole call', minutes: 7 },
      { title: 'The other side: a server with limits', minutes: 10, spare: true },
      { title: 'The edges', minutes: 12, spare: true },
      { title: 'Bodies that stall, streams that live', minutes: 12, spare: true },
      { title: 'When the answer has begun', minutes: 8, spare: true },
      { title: 'Sockets that are not yet requests', minutes: 6, spare: true },
    ],
  },
  {
    number: '02',
    slug: 'graceful-shutdown',
    title: 'Graceful shutdown',
    day: 1,
    fails: 'every deploy drops requests',
    files: ['shutdown.ts', 'connections.ts', 'worker.ts'],
    steps: [
      { title: 'Fail readiness first', minutes: 7 },
      { title: 'Finish what has begun', minutes: 9 },
      { title: 'Close what only waits', minutes: 5 },
      { title: 'Close the rest, last opened first', minutes: 9 },
      { title: 'One deadline over all of it', minutes: 7, cut: true },
      { title: 'A queue that gives back', minutes: 13, spare: true },
      { title: 'Streams end when they are told', minutes: 2, spare: true },
      { title: 'Said twice', minutes: 4, spare: true },
      { title: 'When nobody caught it', minutes: 5, spare: true },
      { title: 'Say why, and leave no trace', minutes: 5, spare: true },
      { title: 'Idle, to the byte', minutes: 14, spare: true },
      { title: 'Plugins, and limits that are none', minutes: 4, spare: true },
      { title: 'The real thing', minutes: 2, spare: true },
    ],
  },
  {
    number: '03',
    slug: 'retry',
    title: 'Retry with jitter',
    day: 1,
    fails: 'the retries are the outage',
    files: ['retry.ts', 'backoff.ts', 'retryable.ts', 'retry-after.ts', 'budget.ts', 'http.ts'],
    steps: [
      { title: 'Count, and stop when told', minutes: 7 },
      { title: 'Jitter', minutes: 6 },
      { title: 'What deserves another try', minutes: 7 },
      { title: 'The deadline, before the wait', minutes: 3 },
      { title: 'Never earlier than told', minutes: 5 },
      { title: 'A budget for everybody', minutes: 7, cut: true },
      { title: 'Requests and their bodies', minutes: 12, spare: true },
      { title: 'An end for each attempt', minutes: 9, spare: true },
      { title: 'Told in other words', minutes: 8, spare: true },
      { title: 'Two other kinds of jitter', minutes: 5, spare: true },
      { title: 'Open breakers, and other odd failures', minutes: 9, spare: true },
      { title: 'Whatever happens, in whatever order', minutes: 5, spare: true },
    ],
  },
  {
    number: '04',
    slug: 'circuit-breaker',
    title: 'Circuit breaker',
    day: 1,
    fails: 'everybody waits for a carrier that everybody knows is dead',
    files: ['options.ts', 'circuit-breaker.ts', 'window.ts', 'breakers.ts'],
    steps: [
      { title: 'Fail fast', minutes: 6 },
      { title: 'Judge by the share', minutes: 4, cut: true },
      { title: 'Half-open: let a few try', minutes: 8 },
      { title: 'Results from another age', minutes: 5 },
      { title: 'Failure, success, or neither', minutes: 8 },
      { title: 'Who goes inside whom?', minutes: 4 },
      { title: 'Judge by what is recent', minutes: 9, spare: true },
      { title: 'A probe that never comes back', minutes: 5, spare: true },
      { title: 'Slow is the new down', minutes: 4, spare: true },
      { title: 'Longer breaks, and not in step', minutes: 8, spare: true },
      { title: 'Listeners and options that misbehave', minutes: 10, spare: true },
      { title: 'One for each endpoint', minutes: 3, spare: true },
      { title: 'Bad afternoons, by the thousand', minutes: 5, spare: true },
    ],
  },
  {
    number: '05',
    slug: 'scatter-gather',
    title: 'Scatter-gather',
    day: 1,
    fails: 'the slowest of five decides, and one failure sinks all',
    files: ['scatter-gather.ts'],
    steps: [
      { title: 'Ask them all at once', minutes: 5 },
      { title: 'Answer by the deadline', minutes: 8 },
      { title: 'Stop what nobody waits for', minutes: 8 },
      { title: 'Enough is enough', minutes: 4 },
      { title: 'Only so many at a time', minutes: 8, cut: true },
      { title: 'Keep time to answer', minutes: 3 },
      { title: 'What comes too late', minutes: 9, spare: true },
      { title: 'Out of reach', minutes: 4, spare: true },
      { title: 'Very long, very busy, and nonsense', minutes: 8, spare: true },
    ],
  },
  {
    number: '06',
    slug: 'hedged-requests',
    title: 'Hedged requests',
    day: 1,
    fails: 'one request in a hundred takes most of a second',
    files: ['hedge.ts', 'budget.ts', 'latency.ts'],
    steps: [
      { title: 'Ask again when it is late', minutes: 7 },
      { title: 'Stop the losers', minutes: 8 },
      { title: 'A failure is not a late answer', minutes: 7 },
      { title: 'Somebody has to pay', minutes: 5 },
      { title: 'When is late?', minutes: 8, cut: true },
      { title: 'The winner still has something to say', minutes: 3 },
      { title: 'What comes too late', minutes: 8, spare: true },
      { title: 'More than, not equal to', minutes: 12, spare: true },
      { title: 'More than two, and nonsense', minutes: 12, spare: true },
    ],
  },
  {
    number: '07',
    slug: 'rate-limiting',
    title: 'Rate limiting',
    day: 2,
    fails: 'one greedy client is served, and all the others are refused',
    files: [
      'options.ts',
      'bucket.ts',
      'clients.ts',
      'identity.ts',
      'http.ts',
      'limiter.ts',
      'window.ts',
      'script.ts',
      'shared.ts',
    ],
    steps: [
      { title: 'No drip', minutes: 8 },
      { title: 'One each', minutes: 5 },
      { title: 'Who is it?', minutes: 5 },
      { title: 'Say no well', minutes: 9 },
      { title: 'Wait in line', minutes: 12, cut: true },
      { title: 'A place that is kept', minutes: 6, spare: true },
      { title: 'Very late, and very long', minutes: 4, spare: true },
      { title: 'A million strangers', minutes: 4, spare: true },
      { title: 'A window that slides', minutes: 5, spare: true },
      { title: 'Several instances, one limit', minutes: 12, spare: true },
      { title: 'Nonsense, and afternoons by the thousand', minutes: 4, spare: true },
    ],
  },
  {
    number: '08',
    slug: 'load-shedding',
    title: 'Load shedding',
    day: 2,
    fails: 'twice the customers, and nobody is served, until somebody restarts it',
    files: ['options.ts', 'door.ts', 'shed.ts', 'urgency.ts', 'limit.ts', 'loop-delay.ts', 'listen.ts'],
    steps: [
      { title: 'So many, and no more', minutes: 14 },
      { title: 'Nobody waits for ever', minutes: 9, cut: true },
      { title: "At the server's door", minutes: 13 },
      { title: 'Gone, or too late', minutes: 20, spare: true },
      { title: 'So many in a turn', minutes: 10, spare: true },
      { title: 'Streams, and other doors', minutes: 6, spare: true },
      { title: 'Who goes first', minutes: 20, spare: true },
      { title: 'How many?', minutes: 12, spare: true },
      { title: 'How late is the loop?', minutes: 8, spare: true },
      { title: 'No, at once', minutes: 25, spare: true },
      { title: "The kernel's queue", minutes: 12, spare: true },
      { title: 'Bursts, newest first, and early', minutes: 30, spare: true },
      { title: 'Nonsense', minutes: 8, spare: true },
    ],
  },
  {
    number: '09',
    slug: 'graceful-degradation',
    title: 'Graceful degradation',
    day: 2,
    fails: 'a price is a minute old, and a thousand customers have none',
    files: [
      'options.ts',
      'single-flight.ts',
      'store.ts',
      'cache.ts',
      'key.ts',
      'extras.ts',
      'flags.ts',
      'dimmer.ts',
      'levels.ts',
    ],
    steps: [
      { title: 'One call for a thousand', minutes: 11 },
      { title: 'Keep it, and say how old', minutes: 6 },
      { title: 'Stale is better than nothing', minutes: 11 },
      { title: 'The same question', minutes: 5 },
      { title: 'Extras are extra', minutes: 5, cut: true },
      { title: 'Dim', minutes: 7, spare: true },
      { title: 'A no is an answer', minutes: 5, spare: true },
      { title: 'Before it is too late', minutes: 6, spare: true },
      { title: 'A second level', minutes: 18, spare: true },
      { title: 'Nonsense, and evenings by the thousand', minutes: 8, spare: true },
    ],
  },
  {
    number: '10',
    slug: 'connection-routing',
    title: 'Connection routing',
    day: 2,
    fails: 'bookings wait behind a price list, before carriers that have nothing to do',
    files: ['routes.ts', 'bulkhead.ts', 'sockets.ts', 'router.ts', 'dialer.ts'],
    steps: [
      { title: 'One pool a route, for ever', minutes: 6 },
      { title: 'A typo is no route', minutes: 9 },
      { title: 'A queue with an end', minutes: 12 },
      { title: 'Read it, or lose it', minutes: 8, cut: true },
      { title: 'Drain', minutes: 7, spare: true },
      { title: 'A dial is nobody’s', minutes: 20, spare: true },
      { title: 'Warm before ready', minutes: 8, spare: true },
      { title: 'New limits, live', minutes: 8, spare: true },
      { title: 'Idle, then stale', minutes: 12, spare: true },
      { title: 'Out of sockets', minutes: 3, spare: true },
      { title: 'What a route tells', minutes: 3, spare: true },
    ],
  },
  {
    number: '11',
    slug: 'batching',
    title: 'Batching and pipelines',
    day: 2,
    fails: 'a hundred thousand writes, each of them alone, and nothing else is done meanwhile',
    files: ['batcher.ts', 'channel.ts', 'pipeline.ts', 'merge.ts'],
    steps: [
      { title: 'Size or time', minutes: 6 },
      { title: 'One promise each', minutes: 5 },
      { title: 'Only so many', minutes: 9 },
      { title: 'A queue with an end', minutes: 6, cut: true },
      { title: 'Stages that overlap', minutes: 12 },
      { title: 'Whoever leaves', minutes: 5, spare: true },
      { title: 'One key, one batch', minutes: 10, spare: true },
      { title: 'Nobody overtakes', minutes: 6, spare: true },
      { title: 'One bad item', minutes: 8, spare: true },
      { title: 'The end of all of it', minutes: 12, spare: true },
      { title: 'Two into one', minutes: 9, spare: true },
      { title: 'Nonsense, and nights by the thousand', minutes: 4, spare: true },
    ],
  },
  {
    number: '12',
    slug: 'durable-writes',
    title: 'Durable writes',
    day: 2,
    fails: 'we said 202, and after the restart nobody knows of what',
    files: ['disk.ts', 'options.ts', 'line.ts', 'log.ts', 'window.ts', 'verdict.ts', 'outbox.ts', 'lock.ts'],
    steps: [
      { title: 'On disk means on disk', minutes: 9 },
      { title: 'A torn end', minutes: 8 },
      { title: 'When the disk says no', minutes: 7, cut: true },
      { title: 'At least once', minutes: 7 },
      { title: 'A window like TCP’s', minutes: 9, spare: true },
      { title: 'Half a line, and a full disk', minutes: 5, spare: true },
      { title: 'One file after the other', minutes: 12, spare: true },
      { title: 'What the disk forgot', minutes: 4, spare: true },
      { title: 'In order, each for itself', minutes: 8, spare: true },
      { title: 'Dead letters', minutes: 15, spare: true },
      { title: 'Full, empty, over', minutes: 12, spare: true },
      { title: 'One at a time', minutes: 5, spare: true },
      { title: 'Nonsense', minutes: 6, spare: true },
    ],
  },
]

/** The days that have chapters, each with its own. */
export const chaptersByDay = (some = chapters): [Day, Chapter[]][] =>
  [...Map.groupBy(some, ({ day }) => day)].toSorted(([a], [b]) => a - b)

/** Its place in its day, from 1: its key in the Lab, which shows one day at a time. */
export const keyOf = ({ day, number }: Chapter): string =>
  String(chapters.filter((it) => it.day === day).findIndex((it) => it.number === number) + 1)

/** The folder's name below `exercises/` and `solutions/`, and the name of the chapter's Vitest project. */
export const folderOf = ({ number, slug }: Chapter): string => `${number}-${slug}`

/** Core steps fill the chapter's half hour; the spare ones do not count. */
export const minutesOf = ({ steps }: Chapter): number =>
  steps.reduce((sum, step) => sum + (step.spare ? 0 : step.minutes), 0)

/** The step headings, as the README, hints.md and the suite have them. */
export const headingsOf = ({ steps }: Chapter): string[] =>
  steps.map(({ title }, index) => `Step ${index + 1}: ${title}`)

/** What a chapter's folder in `exercises/` gives to everybody, beside the files that an attendee edits. */
export const isGiven = (file: string): boolean =>
  ['README.md', 'hints.md', 'red.json', 'demo.ts'].includes(file) || file.endsWith('.test.ts')
