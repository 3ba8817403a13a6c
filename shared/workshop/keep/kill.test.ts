import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, expect, test, vi } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { chapters, folderOf } from '../chapters.ts'
import { withFiles } from '../fixture.ts'
import { root } from '../target.ts'
import { change, changing } from './change.ts'
import { before, type Contents, numbersIn, readState } from './states.ts'

// A ceiling for a busy machine, not an expectation.
vi.setConfig({ testTimeout: 120_000 })
vi.spyOn(console, 'log').mockImplementation(() => {})

const chapter = chapters.find(({ slug }) => slug === 'hedged-requests')!
const folder = folderOf(chapter)
const [bytes = '', link = '', deleted = ''] = chapter.files.map((file) => `${folder}/${file}`)
const NOTES = `${folder}/notes/idea.md`
const goals: Record<string, Contents> = {
  solve: new Map(chapter.files.map((file) => [`${folder}/${file}`, Buffer.from(`our ${file}`)])),
  reset: new Map(chapter.files.map((file) => [`${folder}/${file}`, Buffer.from(`naive ${file}`)])),
}

// In memory, where there is such a folder: most of the time goes into fsync, which a kill does not test.
beforeAll(() => void (existsSync('/dev/shm') && vi.stubEnv('TMPDIR', '/dev/shm')))

/** A workshop of one chapter, with its commands. */
async function withWorkshop(work: (base: string) => Promise<void>): Promise<void> {
  const files = {
    'package.json': '{ "type": "module" }',
    [`shared/workshop/skeletons/${folder}.json`]: JSON.stringify(
      Object.fromEntries(chapter.files.map((file) => [file, [`naive ${file}`]])),
    ),
    ...Object.fromEntries(chapter.files.map((file) => [`solutions/${folder}/${file}`, `our ${file}`])),
  }
  await withFiles(files, async (base) => {
    const ours = join(root, 'shared/workshop')
    // Only what the commands import.
    for (const part of ['cli.ts', 'chapters.ts', 'target.ts', 'trouble.ts', 'skeletons.ts', 'commands', 'keep'])
      cpSync(join(ours, part), join(base, 'shared/workshop', part), { recursive: true })
    await work(base)
  })
}

const place = (base: string, path: string) => join(base, 'exercises', path)

function put(base: string, path: string, content: string | Buffer): void {
  rmSync(place(base, path), { force: true })
  mkdirSync(dirname(place(base, path)), { recursive: true })
  writeFileSync(place(base, path), content)
}

/** An attendee's work of every kind: no text at all, a link, a deleted file, and one of their own. */
function begin(base: string): void {
  for (const path of ['.workshop', 'exercises']) rmSync(join(base, path), { recursive: true, force: true })
  put(base, `${folder}/some.test.ts`, 'the suite')
  put(base, bytes, Buffer.from([0xef, 0xbb, 0xbf, 0x0d, 0x0a, 0xff, 0x00, 0xc3, 0x28]))
  put(base, NOTES, 'an idea')
  // Windows lets administrators link, and developers.
  if (process.platform === 'win32') put(base, link, 'mine')
  else symlinkSync('notes/idea.md', place(base, link))
}

type Work = Record<string, string>

/** All that is there, by path, as the tests read it. */
function look(base: string): Work {
  const entries = readdirSync(place(base, folder), { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
  const content = (path: string) => {
    const isLink = entries.some((entry) => entry.isSymbolicLink() && join(entry.parentPath, entry.name) === path)
    return isLink ? `-> ${readlinkSync(path)}` : readFileSync(path, 'latin1')
  }
  return Object.fromEntries(
    paths.sort().map((path) => [relative(place(base, ''), path).replaceAll('\\', '/'), content(path)]),
  )
}

const after = (work: Work, goal: Contents): Work => ({
  ...work,
  ...Object.fromEntries([...goal].map(([path, content]) => [path, String(content)])),
})

/** A command in a process of its own, which is killed at that call: see kill-at.ts. */
async function run(base: string, args: string[], killAt = Infinity) {
  const preload = ['--import', new URL('kill-at.ts', import.meta.url).href]
  const cache = join(base, 'compiled')
  const env = { ...process.env, KILL_AT: String(killAt), INIT_CWD: base, NODE_COMPILE_CACHE: cache }
  const child = spawn(process.execPath, [...preload, join(base, 'shared/workshop/cli.ts'), ...args], { cwd: base, env })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  expect(stderr, 'ends with a sentence, or without a word').not.toMatch(/^ +at /m)
  return { stdout, stderr, killed: child.signalCode === 'SIGKILL' }
}

/** Brings the work back by one undo, unless it is in place. */
async function bringBack(base: string, work: Work): Promise<void> {
  if (isEqual(look(base), work)) return
  for (const number of numbersIn(base)) {
    await changing(base, () => change(base, 'undo', before(base, readState(base, number))))
    if (isEqual(look(base), work)) return
  }
  expect(look(base), 'neither in place nor brought back by any undo').toEqual(work)
}

const isEqual = (one: Work, other: Work) => JSON.stringify(one) === JSON.stringify(other)

/** Twice as fast, and no more than two processes at a time. */
async function inTwo<T>(items: T[], work: (base: string, item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  const lane = () =>
    withWorkshop(async (base) => {
      for (const item of queue) await work(base, item)
    })
  await Promise.all([lane(), lane()])
}

test.for([['solve', '06'], ['reset', '06'], ['undo']])(
  '%j killed at any call, or in the midst of it, is done or not begun, and one undo brings back what was there',
  async (args) => {
    const goal = goals[args[0]!]
    /** What undo takes back is a change; what must not be lost is the work on top of it. */
    const prepare = async (base: string) => {
      begin(base)
      const first = look(base)
      if (!goal) {
        await changing(base, () => change(base, 'solve 06', goals.solve))
        put(base, deleted, 'on top of it')
      }
      const work = look(base)
      return { work, done: goal ? after(work, goal) : first }
    }
    let calls: string[] = []
    await withWorkshop(async (base) => {
      const { done } = await prepare(base)
      const { stderr, stdout } = await run(base, args)
      expect(look(base), stdout).toEqual(done)
      calls = stderr.trim().split(' ')
    })
    const halved = ['writeFileSync', 'rmSync']
    const points = calls.flatMap((name, i) => (halved.includes(name) ? [i + 1, i + 1.5] : i + 1))
    expect(points.length, 'too few to be all of it').toBeGreaterThan(25)

    const outcomes = new Set<string>()
    await inTwo(points, async (base, point) => {
      const { work, done } = await prepare(base)
      const where = `killed at ${point}, ${calls[Math.floor(point) - 1]}`
      expect((await run(base, args, point)).killed, where).toBe(true)
      await changing(base, () => {})
      const now = look(base)
      outcomes.add(isEqual(now, work) ? 'not begun' : 'done')
      if (!isEqual(now, work)) expect(now, where).toEqual(done)
      await bringBack(base, work)
      expect(readdirSync(join(base, '.workshop')), where).not.toContainEqual(expect.stringMatching(/^lock/))
    })
    expect(outcomes).toEqual(new Set(['not begun', 'done']))
  },
)

test('200 afternoons of edits, commands, two at a time, and kills at any moment: nothing is ever lost', async () => {
  const seeds = Array.from({ length: 200 }, (_, i) => i + 1)
  let kills = 0
  await inTwo(seeds, async (base, seed) => {
    const random = seededRandom(seed)
    const chance = (p: number) => random() < p
    const pick = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)]!
    const point = () => 1 + Math.floor(random() * 60) / 2
    const command = () => pick([['solve', '06'], ['reset', '06'], ['undo'], ['undo', String(pick(numbersIn(base)) ?? 1)]])
    const edit = () => put(base, pick([bytes, link, deleted, NOTES]), `an edit, ${random()}`)

    begin(base)
    const works: Work[] = []
    if (chance(0.5)) await changing(base, () => change(base, 'solve 06', pick([goals.solve, goals.reset])))
    if (chance(0.7)) edit()
    for (let more = true; more; more = chance(0.3)) {
      works.push(look(base))
      const [first, second] = [command(), command()]
      // Of two at once, both may be killed.
      const runs = [run(base, first, point()), ...(chance(0.2) ? [run(base, second, point())] : [])]
      kills += (await Promise.all(runs)).filter(({ killed }) => killed).length
      if (chance(0.3)) edit()
    }
    works.push(look(base))

    await changing(base, () => {})
    for (const work of works) for (const path of Object.keys(work)) await findAgain(base, path, work[path]!, seed)
    // What was interrupted is finished, not kept: a mixture is nobody's work. What the attendee had before all is.
    await bringBack(base, works[0]!)
  })
  expect(kills).toBeGreaterThan(100)
})

/** The content is in place, or in a kept state that undo takes. */
async function findAgain(base: string, path: string, content: string, seed: number): Promise<void> {
  if (look(base)[path] === content) return
  const states = numbersIn(base).map((number) => before(base, readState(base, number)).get(path))
  const contents = states.map((it) => (it && 'link' in it ? `-> ${it.link}` : it?.toString('latin1')))
  expect(contents, `seed ${seed}, ${path}: lost`).toContain(content)
}
