import { parseArgs } from 'node:util'
import { ours, playing } from '../../../slides/build/deck.ts'
import { editionOf } from '../../../slides/build/plan.ts'
import { printRunSheet } from '../../../slides/build/run-sheet.ts'
import { withSkeletons } from '../../../slides/build/sources.ts'
import { chapters } from '../../manifest/chapters.ts'
import { ensureTools, needSlides } from '../gate/tools.ts'
import { LAB_PORT, SLIDES_PORT } from '../../manifest/port.ts'
import { root } from '../../manifest/target.ts'
import { Trouble } from '../../core/trouble.ts'

/**
 * The deck, as it is now: what is edited while it is shown does not change it; `--edition half`, or a day's number, is
 * what that day shows, in its order and at its pace. `--watch` is for who writes slides, `--run-sheet half` prints the
 * day's plan instead, `--stills` takes the Lab's pictures anew, or those that are named.
 */
export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      port: { type: 'string', default: String(SLIDES_PORT) },
      'lab-port': { type: 'string', default: String(LAB_PORT) },
      watch: { type: 'boolean', default: false },
      stills: { type: 'boolean', default: false },
      edition: { type: 'string' },
      'run-sheet': { type: 'string' },
    },
  })
  const day = values['run-sheet']
  if (day !== undefined) return console.log(printRunSheet(day))
  const [port, labPort] = (['port', 'lab-port'] as const).map((name) => {
    const number = Number(values[name])
    if (number >= 0 && number < 65_536) return number
    throw new Trouble(`--${name} takes a number from 0 to 65535, not "${values[name]}"`)
  }) as [number, number]

  if (values.stills) {
    ensureTools()
    const { takeStills } = await import('../stills.ts')
    return takeStills(root, positionals, console.log)
  }
  if (positionals.length > 0) throw new Trouble(`"npm run slides" takes no "${positionals[0]}": -- --edition half`)
  const edition = values.edition === undefined ? undefined : editionOf(values.edition)
  needSlides()
  const { watchSlides, presentSlides } = await import('../../../slides/build/present.ts')
  const all = values.watch ? ours : { ...ours, read: withSkeletons(root, chapters) }
  const source = edition ? playing(edition, all) : all
  const { address, close } = await (values.watch ? watchSlides : presentSlides)(source, port, { lab: labPort })
  const at = Number(new URL(address).port)
  console.log(`
  ${edition ? `${edition.title}, at` : 'The slides are at'}  ${address}

  next, back   Space, Shift+Space
  overview     Esc
  full screen  F
  your notes   S, in a window of their own, with the timer
  the Lab      npm start${at === SLIDES_PORT ? '' : ` -- --slides-port ${at}`}, in another terminal: it is live on its slides
  end          Ctrl-C
`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void close().then(() => process.exit(0)))
}
