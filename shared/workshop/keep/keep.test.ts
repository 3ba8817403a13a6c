import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { withFiles } from '../../testing/tree.ts'
import { change, changing } from './change.ts'
import type { Content } from './content.ts'
import { before, type Contents, numbersIn, readState } from './states.ts'

const said = vi.spyOn(console, 'log').mockImplementation(() => {})
beforeEach(() => void said.mockClear())

const HEDGE = '06-hedged/hedge.ts'
const BUDGET = '06-hedged/budget.ts'
const files = {
  [`exercises/${HEDGE}`]: 'my hedge',
  [`exercises/${BUDGET}`]: 'my budget',
  'exercises/06-hedged/hedge.test.ts': 'the suite',
}
const solution = new Map([
  [HEDGE, Buffer.from('our hedge')],
  [BUDGET, Buffer.from('our budget')],
])

/** The commands' part that works on any tree. */
const solve = (base: string, goal: Contents = solution) => changing(base, () => change(base, 'solve 06', goal))
const undo = (base: string, number = numbersIn(base).at(-1)!) =>
  changing(base, () => change(base, 'undo', before(base, readState(base, number))))
const look = (base: string, path: string) => {
  const full = join(base, 'exercises', path)
  return existsSync(full) ? readFileSync(full, 'latin1') : undefined
}
const put = (base: string, path: string, content: string | Buffer) => {
  mkdirSync(dirname(join(base, 'exercises', path)), { recursive: true })
  writeFileSync(join(base, 'exercises', path), content)
}

test('takes back what it did, and takes that back in turn', () =>
  withFiles(files, async (base) => {
    await solve(base)
    expect([look(base, HEDGE), look(base, BUDGET)]).toEqual(['our hedge', 'our budget'])
    await undo(base)
    expect([look(base, HEDGE), look(base, BUDGET)]).toEqual(['my hedge', 'my budget'])
    await undo(base)
    expect([look(base, HEDGE), look(base, BUDGET)]).toEqual(['our hedge', 'our budget'])
  }))

test('brings back any earlier state, and keeps the one in between', () =>
  withFiles(files, async (base) => {
    await solve(base)
    put(base, HEDGE, 'better than ours')
    await solve(base)
    await undo(base, 1)
    expect(look(base, HEDGE)).toBe('my hedge')
    await undo(base, 2)
    expect(look(base, HEDGE)).toBe('better than ours')
    expect(numbersIn(base)).toEqual([1, 2, 3, 4])
  }))

test('keeps and brings back every byte: line ends, byte order marks, what is no text, and nothing at all', () =>
  withFiles(files, async (base) => {
    const bytes = Buffer.from([0xef, 0xbb, 0xbf, 0x0d, 0x0a, 0xff, 0xfe, 0x00, 0xc3, 0x28])
    put(base, HEDGE, bytes)
    put(base, BUDGET, '')
    await solve(base)
    await undo(base)
    expect(look(base, HEDGE)).toBe(bytes.toString('latin1'))
    expect(look(base, BUDGET)).toBe('')
  }))

test('a deleted file is solved like another, and undo deletes it again', () =>
  withFiles(files, async (base) => {
    rmSync(join(base, 'exercises', HEDGE))
    await solve(base)
    expect(look(base, HEDGE)).toBe('our hedge')
    await undo(base)
    expect(look(base, HEDGE)).toBeUndefined()
    await undo(base)
    expect(look(base, HEDGE)).toBe('our hedge')
  }))

test('files that the attendee added stay, and come back when they have been deleted since', () =>
  withFiles(files, async (base) => {
    put(base, '06-hedged/notes/idea.md', 'an idea')
    put(base, '06-hedged/mine.test.ts', 'my own test')
    await solve(base)
    expect(look(base, '06-hedged/notes/idea.md')).toBe('an idea')
    rmSync(join(base, 'exercises/06-hedged/notes'), { recursive: true })
    rmSync(join(base, 'exercises/06-hedged/mine.test.ts'))
    put(base, '06-hedged/later.ts', 'a later idea')
    await undo(base)
    expect(look(base, '06-hedged/notes/idea.md')).toBe('an idea')
    expect(look(base, '06-hedged/mine.test.ts')).toBe('my own test')
    expect(look(base, '06-hedged/later.ts'), 'what was added since is nobody’s to delete').toBe('a later idea')
  }))

test('an older suite does not replace a newer one', () =>
  withFiles(files, async (base) => {
    await solve(base)
    put(base, '06-hedged/hedge.test.ts', 'the suite, mended')
    await undo(base)
    expect(look(base, '06-hedged/hedge.test.ts')).toBe('the suite, mended')
  }))

test('a link is kept as a link, and what it leads to stays as it is', ({ skip }) =>
  withFiles({ ...files, 'elsewhere/hedge.ts': 'far away' }, async (base) => {
    const link = join(base, 'exercises', HEDGE)
    rmSync(link)
    try {
      symlinkSync('../../elsewhere/hedge.ts', link)
    } catch {
      return skip('Windows lets administrators link, and developers')
    }
    await solve(base)
    expect(lstatSync(link).isFile()).toBe(true)
    expect(readFileSync(join(base, 'elsewhere/hedge.ts'), 'utf8')).toBe('far away')
    await undo(base)
    expect(readlinkSync(link).replaceAll('\\', '/')).toBe('../../elsewhere/hedge.ts')
  }))

test('where nothing is to be done nothing is written', () =>
  withFiles(files, async (base) => {
    await solve(base)
    expect(await solve(base)).toBeUndefined()
    expect(numbersIn(base)).toEqual([1])
  }))

test('only the chapters in which something changes are kept, and taken back', () =>
  withFiles({ ...files, 'exercises/05-gather/gather.ts': 'my gather' }, async (base) => {
    const both = new Map<string, Content>([...solution, ['05-gather/gather.ts', Buffer.from('our gather')]])
    await solve(base)
    put(base, '06-hedged/notes.md', 'kept by 1 only')
    await solve(base, both)
    expect(Object.keys(readState(base, 2).files)).toEqual(['05-gather/gather.ts'])
    await undo(base)
    expect([look(base, '05-gather/gather.ts'), look(base, HEDGE)]).toEqual(['my gather', 'our hedge'])
  }))

/** As if the command had been killed after the first of its two files. */
async function interrupted(base: string): Promise<void> {
  await solve(base)
  const goal = join(base, '.workshop/kept/1/goal/06-hedged')
  mkdirSync(goal, { recursive: true })
  writeFileSync(join(goal, 'budget.ts'), 'our budget')
  put(base, BUDGET, 'my budget')
}

test('what was interrupted is finished by the next command, which says so', () =>
  withFiles(files, async (base) => {
    await interrupted(base)
    await changing(base, () => expect(look(base, BUDGET)).toBe('our budget'))
    expect(said.mock.calls.flat()).toEqual([
      '"solve 06" had been interrupted; it is finished now. What you had before is in .workshop/kept/1.',
    ])
    await changing(base, () => {})
    expect(said, 'said once').toHaveBeenCalledOnce()
  }))

test.for([
  ['not yet replaced', BUDGET, { [HEDGE]: 'our hedge', [BUDGET]: 'saved since' }],
  ['already replaced', HEDGE, { [HEDGE]: 'saved since', [BUDGET]: 'my budget' }],
] as const)('what was interrupted stays as it is when a file %s has been saved since', ([, file, left]) =>
  withFiles(files, async (base) => {
    await interrupted(base)
    put(base, file, 'saved since')
    await changing(base, () => {})
    expect({ [HEDGE]: look(base, HEDGE), [BUDGET]: look(base, BUDGET) }).toEqual(left)
    expect(said.mock.calls.flat()).toEqual([
      `"solve 06" had been interrupted, and stays half done, as ${file} was saved since. What you had before is in .workshop/kept/1.`,
    ])
    await undo(base, 1)
    expect([look(base, HEDGE), look(base, BUDGET)]).toEqual(['my hedge', 'my budget'])
    await undo(base, 2)
    expect(look(base, file)).toBe('saved since')
  }),
)

test.for([
  ['is gone', (kept: string) => rmSync(join(kept, HEDGE)), `${HEDGE} is not what was kept`],
  ['is another', (kept: string) => writeFileSync(join(kept, HEDGE), 'x'), `${HEDGE} is not what was kept`],
  ['has no list', (kept: string) => rmSync(join(kept, 'state.json')), 'ENOENT'],
  ['has half a list', (kept: string) => writeFileSync(join(kept, 'state.json'), '{"files": {'), 'JSON'],
  ['has another list', (kept: string) => writeFileSync(join(kept, 'state.json'), '{}'), 'undefined or null'],
] as const)('a kept state that %s is told of, and changes nothing', ([, damage, why]) =>
  withFiles(files, async (base) => {
    await solve(base)
    damage(join(base, '.workshop/kept/1'))
    await expect(undo(base)).rejects.toThrow(
      /^\.workshop\/kept\/1 cannot be brought back: .* by hand, and move it away/,
    )
    await expect(undo(base)).rejects.toThrow(why)
    expect(look(base, HEDGE)).toBe('our hedge')
    put(base, HEDGE, 'my second')
    await solve(base)
    expect(numbersIn(base), 'its number is not given again').toEqual([1, 2])
  }),
)

test('a folder in the place of a file is told of, and nothing is changed', () =>
  withFiles(files, async (base) => {
    rmSync(join(base, 'exercises', BUDGET))
    put(base, `${BUDGET}/index.ts`, 'a folder')
    await expect(solve(base)).rejects.toThrow(/budget\.ts is a folder, and should be a file: move it away/)
    expect([look(base, HEDGE), look(base, `${BUDGET}/index.ts`)]).toEqual(['my hedge', 'a folder'])
    expect(existsSync(join(base, '.workshop/kept'))).toBe(false)
  }))

test('waits for another command, and says which one when it takes too long', () =>
  withFiles(files, async (base) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const lock = `.workshop/lock.${process.ppid}.1`
    mkdirSync(join(base, '.workshop'))
    writeFileSync(join(base, lock), '')
    const refused = solve(base).catch((error: Error) => error.message)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(await refused).toContain(
      `Another command is at work here (process ${process.ppid}): wait for it. If there is no such command, delete ${lock}`,
    )
    expect(look(base, HEDGE)).toBe('my hedge')

    const patient = solve(base)
    await vi.advanceTimersByTimeAsync(500)
    rmSync(join(base, lock))
    await vi.advanceTimersByTimeAsync(500)
    expect((await patient)?.number).toBe(1)
    expect(readdirSync(join(base, '.workshop'))).toEqual(['kept'])
  }))
