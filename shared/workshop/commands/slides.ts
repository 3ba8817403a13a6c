import { parseArgs } from 'node:util'
import { ours, readDeck } from '../../../slides/build/deck.ts'
import { printRunSheet } from '../../../slides/build/run-sheet.ts'
import { withSkeletons } from '../../../slides/build/sources.ts'
import { chapters } from '../chapters.ts'
import { ensureSlides } from '../gate/tools.ts'
import { Findings } from '../gate/findings.ts'
import { root } from '../target.ts'
import { Trouble } from '../trouble.ts'

/**
 * The deck, as it is now: what is edited while it is shown does not change it. `--watch` is for who writes slides.
 * `--run-sheet half|full` prints the day's plan instead.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string', default: '4000' },
      watch: { type: 'boolean', default: false },
      'run-sheet': { type: 'string' },
    },
  })
  const day = values['run-sheet']
  if (day !== undefined) return console.log(printRunSheet(day, readDeck(ours, new Findings())))
  const port = Number(values.port)
  if (!(port >= 0 && port < 65_536)) throw new Trouble(`--port takes a number from 0 to 65535, not "${values.port}"`)

  ensureSlides()
  const { watchSlides, presentSlides } = await import('../../../slides/build/present.ts')
  const source = values.watch ? ours : { ...ours, read: withSkeletons(root, chapters) }
  const { address, close } = await (values.watch ? watchSlides : presentSlides)(source, port)
  console.log(`
  The slides are at  ${address}

  next, back   Space, Shift+Space
  overview     Esc
  full screen  F
  your notes   S, in a window of their own, with the timer
  end          Ctrl-C
`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void close().then(() => process.exit(0)))
}
