import { parseArgs } from 'node:util'
import { ours, playing } from '../../../slides/build/deck.ts'
import { editionOf } from '../../../slides/build/plan.ts'
import { withSkeletons } from '../../../slides/build/sources.ts'
import { chapters } from '../../manifest/chapters.ts'
import { needPrinter, needSlides } from '../gate/tools.ts'
import { root } from '../../manifest/target.ts'

/** The deck as a PDF, a page for each step; `--edition half`, or a day's number, is what that day shows. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { output: { type: 'string' }, edition: { type: 'string' } } })
  const { edition: name, output = name ? `slides-${name}.pdf` : 'slides.pdf' } = values
  const edition = name === undefined ? undefined : editionOf(name)
  needSlides()
  needPrinter()
  const { printSlides } = await import('../../../slides/build/pdf.ts')
  const all = { ...ours, read: withSkeletons(root, chapters) }
  await printSlides(edition ? playing(edition, all) : all, output)
  console.log(`Wrote ${output}.`)
}
