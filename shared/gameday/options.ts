import { parseArgs } from 'node:util'
import type { Side } from '../stage/column.ts'
import { Trouble } from '../core/trouble.ts'
import { type Script, scripts } from '../stage/incidents/scripts.ts'

const IDS = scripts.map(({ id }) => id).join(', ')
const USAGE = `Usage: npm run gameday -- [mine] [--only 04] [--seed 1] [--save]`

export interface Options {
  sides: Side[]
  scripts: Script[]
  seed: number
  /** Whether to write RESULTS.md. */
  save: boolean
}

/** @throws Trouble that says what is wrong, and how it is used */
export function readOptions(args: string[]): Options {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        seed: { type: 'string', default: '1' },
        only: { type: 'string', multiple: true },
        save: { type: 'boolean', default: false },
      },
    })
    const stranger = positionals.find((word) => word !== 'mine')
    if (stranger !== undefined)
      throw new RangeError(`There is "mine", and no "${stranger}"; for one incident, --only 04`)
    if (!/^\d{1,9}$/.test(values.seed)) throw new RangeError(`--seed takes a whole number, not "${values.seed}"`)
    const only = values.only?.map((id) => id.padStart(2, '0'))
    const unknown = only?.find((id) => !scripts.some((script) => script.id === id))
    if (unknown !== undefined) throw new RangeError(`There is no incident "${unknown}". There are: ${IDS}`)
    return {
      sides: positionals.length > 0 ? ['yours', 'reference'] : ['reference'],
      scripts: scripts.filter(({ id }) => only?.includes(id) ?? true),
      seed: Number(values.seed),
      save: values.save,
    }
  } catch (error) {
    throw new Trouble(`${(error as Error).message}\n${USAGE}`)
  }
}
