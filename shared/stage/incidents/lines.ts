// The pass lines, and nothing else: what a Parcel has to reach, incident by incident, and why it is that much.
// They are for a quiet machine; on another one there is no verdict.

/** What is graded. */
export const numbers = {
  success: { title: 'success', unit: 'share' },
  full: { title: 'full answers', unit: 'share' },
  after: { title: 'success in its last five seconds', unit: 'share' },
  p50Ms: { title: 'p50', unit: 'ms' },
  p99Ms: { title: 'p99', unit: 'ms' },
  amplification: { title: 'requests at the busiest carrier', unit: 'times' },
  extraLoad: { title: 'hedges', unit: 'share' },
  failed: { title: 'failed during the restarts', unit: 'count' },
  recoveryS: { title: 'recovery', unit: 's' },
  greedy: { title: 'served to the greedy one', unit: 'count' },
  written: { title: 'scans written', unit: 'share' },
  lost: { title: 'promised, and never booked', unit: 'count' },
  asked: { title: 'requests to whoever is away', unit: 'count' },
  owedS: { title: 'until all is booked', unit: 's' },
} as const

export type NumberName = keyof typeof numbers

export type Bound = ({ atLeast: number } | { atMost: number }) & { because: string }

type Lines = Partial<Record<NumberName, Bound>>

const HEDGES = { atMost: 0.12, because: 'a budget of a tenth more, and what it saves up in quiet times' }

// Each chapter's own incident finds it alone: all the others are solved, and hold what they hold without it. So the first
// line is the chapter's own, which the naive code misses by a factor; the others are what the cure may not cost.
const lines: Record<string, Lines> = {
  '01': {
    success: { atLeast: 0.99, because: 'four of five carriers answer; one that hangs is missing, and nothing else' },
    p99Ms: {
      atMost: 1500,
      because: 'two attempts of 250 ms and a backoff; without a limit, as long as customers wait',
    },
    recoveryS: { atMost: 2, because: 'no call outlives its limit of 250 ms, so none is there to be recovered from' },
  },
  '02': {
    failed: { atMost: 0, because: 'a deploy is no incident: the old one serves until the balancer has noticed' },
    full: { atLeast: 0.97, because: 'the new one has cold caches and no more excuse than that' },
    p99Ms: {
      atMost: 1000,
      because: 'two Parcels share the machine for some seconds, and one of them has just started',
    },
  },
  '03': {
    amplification: {
      atMost: 1.7,
      because:
        'a retry budget and a hedge budget of a tenth each, what they had saved, and a retry a second; three attempts are 2.7 calls',
    },
    success: { atLeast: 0.99, because: 'four carriers are well' },
    p50Ms: { atMost: 100, because: 'who does not wait for the third attempt has the answers of the other four' },
    recoveryS: { atMost: 2, because: 'whoever sends no storm has none to weather' },
  },
  '04': {
    p50Ms: {
      atMost: 100,
      because: 'once the circuit is open, nobody waits for the dead; whoever asks it waits for a limit of 200 ms',
    },
    success: { atLeast: 0.99, because: 'four of five carriers answer' },
    p99Ms: { atMost: 1100, because: 'those who find out, and the probes, wait for the attempts of one quote' },
    recoveryS: { atMost: 2, because: 'the other four were never gone' },
  },
  '05': {
    p50Ms: {
      atMost: 250,
      because: 'asked all at once, five carriers of 110 ms take 110 ms; one after the other they take five times that',
    },
    success: { atLeast: 0.99, because: 'everybody answers, only later' },
    p99Ms: { atMost: 1100, because: 'the deadline of a quote, whoever is slow' },
    recoveryS: { atMost: 2, because: 'what is asked for side by side queues up behind nobody' },
  },
  '06': {
    p99Ms: {
      atMost: 400,
      because: 'a tail of 800 ms, in 5 % of the quotes, is gone: a carrier that takes 800 ms has a twin that takes 10',
    },
    extraLoad: HEDGES,
    success: { atLeast: 0.999, because: 'nothing is broken' },
    full: { atLeast: 0.98, because: 'and nobody is in such a hurry that a carrier would be missing' },
  },
  '07': {
    success: {
      atLeast: 0.99,
      because: 'twenty shops ask for a twentieth of what each may; one greedy one is not them',
    },
    p99Ms: { atMost: 500, because: 'to refuse him costs little, so the others do not wait for it either' },
    greedy: { atMost: 520, because: 'a burst of 100, and 50 a second for eight seconds; and a moment of the clock’s' },
    recoveryS: { atMost: 2, because: 'nobody else had a limit to recover from' },
  },
  '08': {
    after: {
      atLeast: 0.97,
      because: 'ten seconds after the rush it is over; without a door, each answer is for somebody who has left',
    },
    success: {
      atLeast: 0.75,
      because: 'the rush is nearly twice what the carriers can do, and whoever is refused at once comes back in time',
    },
    p50Ms: { atMost: 1000, because: 'half of them are served when they ask first, and before they lose patience' },
  },
  '09': {
    full: {
      atLeast: 0.85,
      because:
        'what two dead carriers asked a moment ago is better than nothing; some ask what nobody has asked before',
    },
    success: { atLeast: 0.99, because: 'three carriers are well' },
    p99Ms: {
      atMost: 400,
      because: 'who has an old price waits for a new one for 100 ms; who has none, for the attempts at one that hangs',
    },
    amplification: {
      atMost: 0.3,
      because: 'a crowd of 50 is one call, and of the others nine in ten ask what somebody has just asked',
    },
    recoveryS: { atMost: 2, because: 'the others were never gone' },
  },
  '10': {
    success: {
      atLeast: 0.99,
      because: 'every carrier is well, and bookings have sockets of their own; without, they stand behind the quotes',
    },
    p99Ms: {
      atMost: 450,
      because: 'a carrier’s tail of 800 ms, in one call of a hundred, is cut off at 200, and asked for once more',
    },
    recoveryS: { atMost: 2, because: 'nobody has waited for anything that would have to be caught up with' },
  },
  '11': {
    success: {
      atLeast: 0.99,
      because:
        'a batch takes some milliseconds of the event loop, and quotes come in between; line by line, nobody does',
    },
    p99Ms: {
      atMost: 450,
      because: 'the carriers’ own tail, which is cut off at 200 and asked again, and a batch before it',
    },
    written: { atLeast: 1, because: 'whatever else happens: whoever was told that it is done has it done' },
    recoveryS: { atMost: 2, because: 'a file of some megabytes is written before the incident is over' },
  },
  '12': {
    lost: { atMost: 0, because: 'a 202 is a promise, and the next process must know of it' },
    asked: {
      atMost: 100,
      because: 'a carrier that is away is asked now and then; everything each second would be thousands',
    },
    owedS: {
      atMost: 12,
      because: 'a last pause of five seconds, and the window grows from one; a thousand bookings take the rest',
    },
    success: {
      atLeast: 0.99,
      because: 'four carriers are well, and who finds nobody there asks again a second later',
    },
  },
  finale: {
    success: {
      atLeast: 0.98,
      because: 'at each moment two carriers at least are well; while one breaker finds out, one is',
    },
    p50Ms: { atMost: 100, because: 'most of the time, whoever is ill is known to be' },
    p99Ms: { atMost: 1100, because: 'the deadline of a quote, whatever happens' },
    amplification: {
      atMost: 1.25,
      because: 'the budgets hold when everything fails at once: that is what they are for',
    },
    extraLoad: HEDGES,
    recoveryS: { atMost: 3, because: 'the last fault is over, and so is the incident' },
  },
}

/** In the order in which they are told. */
export const linesOf = (incident: string): [NumberName, Bound][] =>
  Object.entries(lines[incident] ?? {}) as [NumberName, Bound][]
