import { parseArgs } from 'node:util'
import { change, changing } from '../keep/change.ts'
import { before, chaptersIn, nameOf, numbersIn, readState, type State } from '../keep/states.ts'
import { root } from '../../manifest/target.ts'
import { Trouble } from '../../core/trouble.ts'

/** Takes back the latest solve, reset or undo; with a number, brings back what was kept as that; `list` shows them. */
export async function run(args: string[]): Promise<void> {
  const options = { list: { type: 'boolean', default: false } } as const
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options })
  const [which, more] = positionals
  // npm keeps for itself the --list that comes without a -- before it, and tells of it here.
  if (values.list || which === 'list' || process.env.npm_config_list) return list()
  if ((which && !/^[1-9]\d*$/.test(which)) || more)
    throw new Trouble(`"${more ?? which}" is no number of a kept state. "npm run undo list" shows them.`)

  await changing(root, () => {
    const number = which ? Number(which) : numbersIn(root).at(-1)
    if (number === undefined) throw new Trouble('Nothing is kept yet, so there is nothing to take back.')
    const state = readState(root, number)
    const kept = change(root, which ? `undo ${which}` : 'undo', before(root, state))
    const was = `as it was before "${state.command}" of ${timeOf(state)}`
    if (!kept) return console.log(`${chaptersIn(state).join(', ')}: already ${was}, nothing to do.`)
    console.log(`${chaptersIn(kept).join(', ')}: again ${was}.`)
    console.log(`What you had until now is kept in ${nameOf(kept)}; to take this back in turn: npm run undo`)
  })
}

function list(): void {
  const numbers = numbersIn(root)
  if (numbers.length === 0) return console.log('Nothing is kept yet.')
  for (const number of numbers) console.log(lineOf(number))
  console.log(`\nTo bring one back, for example the last: npm run undo ${numbers.at(-1)}`)
}

function lineOf(number: number): string {
  try {
    const state = readState(root, number)
    return `${String(number).padStart(4)}  ${timeOf(state)}  ${chaptersIn(state).join(', ')}, before "${state.command}"`
  } catch (error) {
    return `${String(number).padStart(4)}  ${(error as Error).message}`
  }
}

/** The attendee's time, as 2031-05-04 13:45. */
const timeOf = ({ at }: State) => new Date(at).toLocaleString('sv-SE').slice(0, 16)
