/*
 * What `npm run demo 03` shows, as figures: a carrier is back, and a hundred clients are told so at the same instant. On
 * the skeleton of chapter 03, and on its solution, in virtual time:
 *
 *     npm run bench herd
 */
import { fileURLToPath } from 'node:url'
import { startChild } from '../stage/child.ts'
import { backoffs, CLIENTS, type Herd } from '../stage/herd.ts'
import { report } from './report.ts'

type Herds = Record<keyof typeof backoffs, Herd>

const program = fileURLToPath(new URL('herd-process.ts', import.meta.url))

async function measure(conditions: string[]): Promise<Herds> {
  const child = startChild(['--disable-warning=ExperimentalWarning', ...conditions, program], {}, () => {})
  const herds = await child.message<Herds>()
  await child.drop()
  return herds
}

const skeleton = await measure([])
const solution = await measure(['--conditions=solution'])
const row = (name: string, { calledAt, served, ms }: Herd) => [name, calledAt.length, served, (ms / 1000).toFixed(1)]

report('herd', {
  title: 'A herd',
  about:
    `A carrier that does eight calls at a time in 20 ms, and fewer the more it is asked, is back; ${CLIENTS} clients call it at ` +
    'once, give up on a call after 200 ms, and on it all after seven attempts. Their backoff begins at 100 ms and doubles. It is ' +
    'what `npm run demo 03` draws.',
  virtual: true,
  figures: {
    clients: CLIENTS,
    skeletonServed: skeleton.withJitter.served,
    withoutJitterServed: solution.withoutJitter.served,
    withoutJitterCalls: solution.withoutJitter.calledAt.length,
    withJitterServed: solution.withJitter.served,
    withJitterCalls: solution.withJitter.calledAt.length,
  },
  tables: [
    {
      caption: `Of ${CLIENTS} clients`,
      rows: [
        ['', 'calls', 'served', 'done after s'],
        row('skeleton, whatever it is told', skeleton.withJitter),
        row('solution, without jitter', solution.withoutJitter),
        row('solution, with full jitter', solution.withJitter),
      ],
    },
  ],
  claims: [
    { claim: 'the skeleton serves nobody', holds: skeleton.withJitter.served === 0 },
    { claim: 'with full jitter all are served', holds: solution.withJitter.served === CLIENTS },
    {
      claim: 'and it is the jitter: without it nobody is, at the same backoff',
      holds: solution.withoutJitter.served === 0,
    },
  ],
})
