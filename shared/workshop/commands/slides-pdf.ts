import { parseArgs } from 'node:util'
import { ours } from '../../../slides/build/deck.ts'
import { withSkeletons } from '../../../slides/build/sources.ts'
import { chapters } from '../../manifest/chapters.ts'
import { ensureSlides, ensureTools } from '../gate/tools.ts'
import { root } from '../../manifest/target.ts'

/** The deck as a PDF, a page for each step. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { output: { type: 'string', default: 'slides.pdf' } } })
  ensureTools()
  ensureSlides()
  const { printSlides } = await import('../../../slides/build/pdf.ts')
  await printSlides({ ...ours, read: withSkeletons(root, chapters) }, values.output)
  console.log(`Wrote ${values.output}.`)
}
