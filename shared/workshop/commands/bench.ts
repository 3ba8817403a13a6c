import { ensureTools } from '../gate/tools.ts'
import { script } from '../script.ts'
import { Trouble } from '../trouble.ts'

/** Each is a program of its own in shared/bench, which prints a table and ends by itself. */
const programs: Record<string, string> = {
  'rolling-restart': 'twenty restarts under load, on the skeletons and on the solutions: requests failed (5 min)',
  shutdown: 'ways to shut down a server, side by side: milliseconds, and who was cut off',
  'tail-at-scale': 'hedging over 100 leaves, 100,000 requests in virtual time',
  collapse: 'what hedging without a budget does to a busy service, in virtual time',
  'hedge-sockets': 'the long tail of twenty replicas on real sockets, hedged and not',
}

/** Measures, side by side, what the READMEs and the notes claim. Always on the solutions, unless the program says more. */
export async function run([name = '', ...args]: string[]): Promise<void> {
  const list = Object.entries(programs).map(([program, what]) => `  npm run bench ${program.padEnd(16)} ${what}`)
  if (!Object.hasOwn(programs, name)) throw new Trouble(`Which measurement? There are:\n${list.join('\n')}`)
  // Some measure others' packages beside ours.
  if (name === 'shutdown') ensureTools()
  await script(`shared/bench/${name}.ts`, 'solutions', args)
}
