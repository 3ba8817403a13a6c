import fs, { existsSync, readdirSync, readFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { withFiles } from '../../testing/tree.ts'
import { change, changing } from './change.ts'
import { before, numbersIn, readState } from './states.ts'

vi.spyOn(console, 'log').mockImplementation(() => {})

const files = { 'exercises/06-hedged/hedge.ts': 'my hedge', 'exercises/06-hedged/budget.ts': 'my budget' }
const goal = new Map(['hedge', 'budget'].map((name) => [`06-hedged/${name}.ts`, Buffer.from(`our ${name}`)]))
const solve = (base: string) => changing(base, () => change(base, 'solve 06', goal))
const look = (base: string) =>
  ['hedge', 'budget'].map((name) => readFileSync(join(base, `exercises/06-hedged/${name}.ts`), 'utf8'))
const MINE = ['my hedge', 'my budget']
const OURS = ['our hedge', 'our budget']

/** Lets the disk object, as long as `objects` says so of a call. */
function failing(name: 'renameSync' | 'writeFileSync', code: string, objects: (path: string) => boolean): void {
  const original = fs[name] as (...args: unknown[]) => unknown
  const restore = () => {
    Object.assign(fs, { [name]: original })
    syncBuiltinESMExports()
  }
  const stub = (...args: unknown[]) => {
    const path = String(args[name === 'renameSync' ? 1 : 0])
    if (objects(path.replaceAll('\\', '/'))) throw Object.assign(new Error(`${code}: no`), { code, path })
    return original(...args)
  }
  Object.assign(fs, { [name]: stub })
  syncBuiltinESMExports()
  onTestFinished(restore)
}

const isBudget = (path: string) => path.endsWith('exercises/06-hedged/budget.ts')
const isMine = (path: string) => path.includes('exercises/06-hedged/')

test.for([
  ['ENOSPC', 'the disk is full: make room'],
  ['EROFS', 'this disk is read-only'],
  ['EACCES', 'close what else has it open, and see that you may read and write it'],
] as const)('%s while the work is being kept changes nothing, and leaves nothing behind', ([code, fix]) =>
  withFiles(files, async (base) => {
    let full = true
    failing('writeFileSync', code, (path) => full && path.endsWith('goal/06-hedged/budget.ts'))
    const name = join('.workshop/new/goal/06-hedged/budget.ts')
    await expect(solve(base)).rejects.toThrow(`${name}: ${fix}`)
    await expect(solve(base)).rejects.toThrow(/\(\w+\), and try again\. Nothing was changed\.$/)
    expect(look(base)).toEqual(MINE)
    expect(readdirSync(join(base, '.workshop'))).toEqual([])
    full = false
    await solve(base)
    expect(look(base)).toEqual(OURS)
  }),
)

test('a file that is in use for a moment is replaced a moment later', () =>
  withFiles(files, async (base) => {
    let times = 3
    failing('renameSync', 'EPERM', (path) => isBudget(path) && times-- > 0)
    await solve(base)
    expect(look(base)).toEqual(OURS)
  }))

test('when no file can be replaced nothing is changed, and nothing is kept', () =>
  withFiles(files, async (base) => {
    failing('renameSync', 'EACCES', isMine)
    await expect(solve(base)).rejects.toThrow(/see that you may read and write it .* Nothing was changed\.$/)
    expect(look(base)).toEqual(MINE)
    expect(numbersIn(base)).toEqual([])
  }))

test('when only some can be replaced it says where the work is, and the next command finishes', () =>
  withFiles(files, async (base) => {
    let locked = true
    failing('renameSync', 'EBUSY', (path) => locked && isBudget(path))
    await expect(solve(base)).rejects.toThrow(
      /Until then "solve 06" is half done; what you had is in .workshop\/kept\/1\.$/,
    )
    expect(look(base)).toEqual(['our hedge', 'my budget'])
    await expect(solve(base), 'still').rejects.toThrow('"solve 06" had been interrupted; what you had before is in')
    locked = false
    await changing(base, () => expect(look(base)).toEqual(OURS))
    await changing(base, () => change(base, 'undo', before(base, readState(base, 1))))
    expect(look(base)).toEqual(MINE)
  }))

test('what is saved at the moment in which it would be replaced stays', () =>
  withFiles(files, async (base) => {
    const hedge = join(base, 'exercises/06-hedged/hedge.ts')
    failing('renameSync', '', (path) => {
      if (path.endsWith('kept/1')) fs.writeFileSync(hedge, 'saved just now')
      return false
    })
    await expect(solve(base)).rejects.toThrow('06-hedged/hedge.ts was saved by something else at this very moment')
    expect(look(base)).toEqual(['saved just now', 'my budget'])
    await solve(base)
    expect(look(base)).toEqual(OURS)
    await changing(base, () => change(base, 'undo', before(base, readState(base, numbersIn(base).at(-1)!))))
    expect(look(base)).toEqual(['saved just now', 'my budget'])
    expect(existsSync(join(base, '.workshop/new'))).toBe(false)
  }))

test('what is saved while its neighbour is replaced stays, and the next command leaves it at that', () =>
  withFiles(files, async (base) => {
    failing('renameSync', '', (path) => {
      if (path.endsWith('exercises/06-hedged/hedge.ts'))
        fs.writeFileSync(join(base, 'exercises/06-hedged/budget.ts'), 'saved just now')
      return false
    })
    await expect(solve(base)).rejects.toThrow('06-hedged/budget.ts was saved by something else at this very moment')
    await changing(base, () => expect(look(base)).toEqual(['our hedge', 'saved just now']))
    await changing(base, () => change(base, 'undo', before(base, readState(base, 1))))
    expect(look(base)).toEqual(MINE)
  }))
