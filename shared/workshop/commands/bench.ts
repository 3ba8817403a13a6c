import { writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { programs } from '../../bench/programs.ts'
import { asMarkdown, savedResults } from '../../bench/results.ts'
import { ensureTools } from '../gate/tools.ts'
import { script } from '../script.ts'
import { root } from '../../manifest/target.ts'
import { Trouble } from '../../core/trouble.ts'

const names = Object.keys(programs)
const INTERRUPTED = 128 + constants.signals.SIGINT
/** How much longer than on a quiet machine a program may take before it is ended: it hangs, or its figures are worthless. */
const PATIENCE = 10

/**
 * Measures, side by side, what the READMEs and the notes claim: all of it, or what is named. Always on the solutions,
 * unless the program says more. `--save` keeps the figures in shared/bench/results and writes shared/bench/RESULTS.md.
 */
export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { list: { type: 'boolean', default: false }, save: { type: 'boolean', default: false } },
  })
  const list = names.map((name) => `  npm run bench ${name.padEnd(16)} ${programs[name]!.what}`).join('\n')
  if (values.list) return console.log(list)
  const unknown = positionals.find((name) => !Object.hasOwn(programs, name))
  if (unknown !== undefined) throw new Trouble(`There is no measurement "${unknown}". There are:\n${list}`)

  // Some measure others' packages beside ours.
  ensureTools()
  const chosen = positionals.length > 0 ? positionals : names
  let leftS = chosen.reduce((sum, name) => sum + programs[name]!.seconds, 0)
  let failed = 0
  for (const [index, name] of chosen.entries()) {
    const { what, seconds } = programs[name]!
    console.log(`\n[${index + 1}/${chosen.length}] ${name}: ${what}; ${duration(seconds)} of ${duration(leftS)} left`)
    leftS -= seconds
    const path = `shared/bench/${name}.ts`
    await script(path, 'solutions', values.save ? ['--save'] : [], { limitMs: seconds * PATIENCE * 1000 })
    if (process.exitCode) failed++
    // Ctrl-C is meant for all of them.
    if (process.exitCode === INTERRUPTED) return
  }
  if (values.save) writeFileSync(join(root, 'shared/bench/RESULTS.md'), asMarkdown(savedResults(names)))
  process.exitCode = failed > 0 ? 1 : 0
}

const duration = (seconds: number) => (seconds < 100 ? `about ${seconds} s` : `about ${Math.ceil(seconds / 60)} min`)
