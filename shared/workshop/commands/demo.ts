import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { script } from '../script.ts'
import { pathOf, root, takeTargets } from '../../manifest/target.ts'
import { Trouble } from '../../core/trouble.ts'

/** A chapter's "See it fail", on your code, or with `--solution` on ours. */
export async function run(args: string[]): Promise<void> {
  const { targets, rest } = takeTargets(args)
  const { values } = parseArgs({ args: rest, options: { solution: { type: 'boolean', default: false } } })
  const [target] = targets
  if (!target) throw new Trouble('Which chapter? For example: npm run demo 03')
  const demo = `${pathOf({ ...target, subject: 'exercises' })}/demo.ts`
  const { number } = target.chapter
  if (!existsSync(join(root, demo)))
    throw new Trouble(`Chapter ${number} has no demo of its own: its README tells how to see it fail.`)
  await script(demo, values.solution ? 'solutions' : target.subject, [])
}
