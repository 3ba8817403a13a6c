import { projectOf, takeTargets } from '../target.ts'
import { vitest } from '../vitest.ts'

/** With a chapter: its suite against your code. Without: everything against the solutions, to see that the machine is ready. */
export async function run(args: string[]): Promise<void> {
  const { targets, rest } = takeTargets(args)
  const projects = targets.length > 0 ? targets.map(projectOf) : ['solutions/*', 'workshop']
  const own = targets.length > 0 && !rest.some((arg) => arg.startsWith('--reporter'))
  const reporters =
    targets.length > 0 ? ['./shared/workshop/keeper.ts', ...(own ? ['./shared/workshop/reporter.ts'] : [])] : []
  const options = [...projects.map((name) => `--project=${name}`), ...reporters.map((file) => `--reporter=${file}`)]
  await vitest(['run', ...options, ...rest])
}
