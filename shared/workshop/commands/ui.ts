import { createServer } from 'node:net'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { chapters } from '../chapters.ts'
import { isWritten, projectOf, takeTargets } from '../target.ts'
import { Trouble } from '../trouble.ts'
import { vitest } from '../vitest.ts'

const PORT = 51204

/** The suites against your code in Vitest's browser interface, rerun as files are saved. */
export async function run(args: string[]): Promise<void> {
  const { targets, rest } = takeTargets(args)
  const { values } = parseArgs({ args: rest, options: { port: { type: 'string' } }, strict: false })
  const port = Number(values.port ?? PORT)
  if (!(await isFree(port)))
    throw new Trouble(
      `Port ${port} is taken, perhaps by another "npm run ui". End that, or choose one: npm run ui -- --port 51205`,
    )

  const shown =
    targets.length > 0
      ? targets
      : chapters.filter((it) => isWritten(it)).map((chapter) => ({ chapter, subject: 'exercises' as const }))
  const projects = shown.flatMap((target) => ['--project', projectOf(target)])
  await vitest(['--ui', '--watch', '--api.port', String(port), ...projects, ...rest])
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    await once(server.close(), 'close')
    return true
  } catch {
    return false
  }
}
