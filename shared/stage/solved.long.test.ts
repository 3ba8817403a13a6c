import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { root } from '../manifest/target.ts'
import { ALL, allBut, NONE, type Solved, startedOn } from './solved.ts'

/** By chapter, whose code a process gets. */
function subjects(solved: Solved, ...preloads: string[]): string[] {
  const program = `
    const at = (path) => import.meta.resolve('#chapters/' + path).match(/(exercises|solutions)/)[0]
    console.log(at('01-timeouts/client.ts'), at('03-retry/retry.ts'))`
  const { args, env } = startedOn(solved)
  const all = [...preloads, ...args, '--input-type=module', '--eval', program]
  return execFileSync(process.execPath, all, { cwd: root, env: { ...process.env, ...env } })
    .toString()
    .trim()
    .split(' ')
}

test.for([
  [NONE, ['exercises', 'exercises']],
  [['03'], ['exercises', 'solutions']],
  [allBut('03'), ['solutions', 'exercises']],
  [ALL, ['solutions', 'solutions']],
] as const)('a process runs on the solutions of %j, and for the rest on the exercises', ([solved, expected]) => {
  expect(subjects(solved)).toEqual(expected)
  expect(subjects(solved, '--import', import.meta.resolve('tsx'))).toEqual(expected)
})
