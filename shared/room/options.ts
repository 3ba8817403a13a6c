import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Trouble } from '../core/trouble.ts'
import { BOARD_PORT, ROOM_PORT, SLIDES_PORT } from '../manifest/port.ts'
import { integerOption } from '../stage/options.ts'

const USAGE = `Usage: npm run room -- [--port ${ROOM_PORT}] [--board-port ${BOARD_PORT}] [--slides-port ${SLIDES_PORT}] [--host 0.0.0.0] [--address NAME] [--new-code] [--keep FILE] [--rehearse [30]]`

export interface Options {
  /** For the room's laptops. */
  port: number
  /** Where the room's laptops reach it. */
  host: string
  /** Of the pages, on this machine. */
  boardPort: number
  slidesPort: number
  /** A name or an address of this machine, as the room types it; else the likeliest. */
  address?: string
  /** Not the one of this morning. */
  newCode: boolean
  /** A file that all of it is kept in, for whoever stands in front. */
  keep?: string
  /** So many who do not exist work on it, and on a clock of its own. */
  rehearse?: number
}

/** @throws Trouble that says what is wrong, and how it is used */
export function readOptions(args: string[]): Options {
  const text = { type: 'string' } as const
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        port: text,
        'board-port': text,
        'slides-port': text,
        host: text,
        address: text,
        'new-code': { type: 'boolean', default: false },
        keep: text,
        rehearse: { type: 'boolean', default: false },
      },
    })
    const [many, ...more] = positionals
    const stranger = values.rehearse ? more[0] : many
    if (stranger !== undefined) throw new Error(`"npm run room" takes no "${stranger}"`)
    return {
      port: integerOption('port', values.port ?? String(ROOM_PORT), 0, 65_535),
      host: values.host ?? '0.0.0.0',
      boardPort: integerOption('board-port', values['board-port'] ?? String(BOARD_PORT), 0, 65_535),
      slidesPort: integerOption('slides-port', values['slides-port'] ?? String(SLIDES_PORT), 1, 65_535),
      ...(values.address !== undefined && { address: values.address }),
      newCode: values['new-code'],
      ...(values.keep !== undefined && { keep: resolve(process.env.INIT_CWD ?? process.cwd(), values.keep) }),
      ...(values.rehearse && { rehearse: integerOption('rehearse', many ?? '30', 0, 300) }),
    }
  } catch (error) {
    throw new Trouble(`${(error as Error).message}\n${USAGE}`)
  }
}
