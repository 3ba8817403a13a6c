import { parseArgs } from 'node:util'
import { chapters } from '../../manifest/chapters.ts'
import { isFree, UI_PORT as PORT } from '../../manifest/port.ts'
import { isWritten, projectOf, takeTargets, type Target } from '../../manifest/target.ts'
import { Trouble } from '../../core/trouble.ts'
import { vitest } from '../vitest.ts'

/** The suites against your code in Vitest's browser interface, rerun as files are saved. */
export async function run(args: string[]): Promise<void> {
  const { targets, rest } = takeTargets(args)
  const { values } = parseArgs({ args: rest, options: { 'api.port': { type: 'string' } }, strict: false })
  const port = Number(values['api.port'] ?? PORT)
  if (!(port > 0 && port < 65_536))
    throw new Trouble(`--api.port takes a number from 1 to 65535, not "${values['api.port']}"`)
  if (!(await isFree(port)))
    throw new Trouble(
      `Port ${port} is taken, perhaps by another "npm run ui": end that one, or choose a port: npm run ui -- --api.port ${PORT + 1}`,
    )

  const all = chapters.filter((it) => isWritten(it)).map((chapter): Target => ({ chapter, subject: 'exercises' }))
  const projects = (targets.length > 0 ? targets : all).flatMap((target) => ['--project', projectOf(target)])
  const server = ['--api.host', '127.0.0.1', ...(values['api.port'] ? [] : ['--api.port', String(port)])]
  await vitest(['--ui', '--watch', ...server, ...projects, ...rest])
}
