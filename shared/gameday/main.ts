// Game day: `npm run gameday`. Incidents by script, graded by numbers.
import { mkdirSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { circumstances, describeMachine } from '../stage/machine.ts'
import { home } from '../manifest/home.ts'
import { Trouble } from '../core/trouble.ts'
import { playDay } from './day.ts'
import { htmlOf } from './html.ts'
import { type Options, readOptions } from './options.ts'
import { play } from '../stage/incidents/play.ts'
import type { Side } from '../stage/column.ts'
import { onTrial } from '../stage/incidents/scripts.ts'
import { ALL } from '../stage/solved.ts'
import { Progress } from './progress.ts'
import { markdownOf } from './results.ts'
import { conclusionOf, EXIT_CODES, totalOf } from './score.ts'
import { tableOf } from './table.ts'

// Whatever was started is on a leash (see stage/leash.ts), and goes when this goes.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    process.stdout.write('\n')
    process.exit(128 + constants.signals[signal])
  })
}

async function run({ sides, scripts, seed, save }: Options, command: string): Promise<void> {
  const about = `${command}, ${new Date().toISOString().slice(0, 10)}. ${describeMachine(circumstances(['fastify', 'undici']))}`
  const progress = new Progress(process.stdout, scripts)
  const day = await playDay(
    scripts,
    (script, index) => {
      const solved = { yours: onTrial(script), reference: ALL }
      const playing = Object.fromEntries(sides.map((side) => [side, solved[side]]))
      return play<Side>(script, { sides: playing, seed, onPhase: (phase) => progress.phase(index, phase) })
    },
    (scored) => progress.print(`${tableOf(scored)}\n`),
  )
  progress.end()

  console.log(conclusionOf(day))
  process.exitCode = EXIT_CODES[totalOf(day)]
  if (day.all.length === 0) return
  const report = join(home, 'gameday.html')
  mkdirSync(home, { recursive: true })
  writeFileSync(report, htmlOf(day, about))
  console.log(`With charts: ${report}`)
  // What is kept is whole.
  if (save && !day.lost) writeFileSync(new URL('RESULTS.md', import.meta.url), markdownOf(day.all, about))
}

try {
  const args = process.argv.slice(2)
  await run(readOptions(args), ['npm run gameday', ...(args.length > 0 ? ['--', ...args] : [])].join(' '))
} catch (error) {
  if (!(error instanceof Trouble)) throw error
  console.error(error.message)
  process.exitCode = 1
}
