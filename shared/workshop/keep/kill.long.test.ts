import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, expect, test, vi } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { change, changing } from './change.ts'
import { chapter, folder, withWorkshop } from './fixture.ts'
import { before, type Contents, numbersIn, readState } from './states.ts'

// A ceiling for a busy machine, not an expectation.
vi.setConfig({ testTimeout: 600_000 })
vi.spyOn(console, 'log').mockImplementation(() => {})

const [bytes = '', link = '', deleted = ''] = chapter.files.map((file) => `${folder}/${file}`)
const NOTES = `${folder}/notes/idea.md`
const goals: Record<string, Contents> = {
  solve: new Map(chapter.files.map((file) => [`${folder}/${file}`, Buffer.from(`our ${file}\n`)])),
  reset: new Map(chapter.files.map((file) => [`${folder}/${file}`, Buffer.from(`naive ${file}\n`)])),
}

// In memory, where there is such a folder: most of the time goes into fsync, which a kill does not test.
beforeAll(() => void (existsSync('/dev/shm') && vi.stubEnv('TMPDIR', '/dev/shm')))

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
    paths.toSorted().map((path) => [relative(place(base, ''), path).replaceAll('\\', '/'), content(path)]),
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
async function inTwo<T>(items: Iterable<T>, work: (base: string, item: T) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator]()
  const lane = () =>
    withWorkshop(async (base) => {
      for (let next = queue.next(); !next.done; next = queue.next()) await work(base, next.value)
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
        await changing(base, () => change(base, 'solve 06', goals.solve!))
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

// A machine that is only tried whether it is ready has better things to do.
const KILLS = process.env.CI ? 200 : 20

test('afternoons of edits, commands, two at a time, and kills at any moment: nothing is ever lost', async () => {
  let kills = 0
  function* seeds() {
    for (let seed = 1; kills < KILLS; seed++) yield seed
  }
  await inTwo(seeds(), async (base, seed) => {
    const random = seededRandom(seed)
    const chance = (p: number) => random() < p
    const pick = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)]!
    const point = () => 1 + Math.floor(random() * 32) / 2
    const command = () => {
      const kept = numbersIn(base)
      return pick([
        ['solve', '06'],
        ['reset', '06'],
        ...(kept.length > 0 ? [['undo'], ['undo', String(pick(kept))]] : []),
      ])
    }

    begin(base)
    /** What must be found again, in place or in what is kept, and how it all was before the first command. */
    let files: [string, string][] = []
    let whole: Work | undefined
    const edit = () => {
      const path = pick([bytes, link, deleted, NOTES])
      // What attendees overwrite themselves is theirs to lose.
      files = files.filter(([other, content]) => other !== path || content !== look(base)[path])
      whole = undefined
      put(base, path, `an edit, ${random()}`)
    }

    if (chance(0.5)) await changing(base, () => change(base, 'solve 06', pick([goals.solve!, goals.reset!])))
    edit()
    whole = look(base)
    for (let more = true; more; more = chance(0.2)) {
      files.push(...Object.entries(look(base)))
      // Of two at once, both may be killed.
      const runs = chance(0.2) ? [command(), command()] : [command()]
      kills += (await Promise.all(runs.map((args) => run(base, args, point())))).filter(({ killed }) => killed).length
      if (chance(0.3)) edit()
    }
    files.push(...Object.entries(look(base)))

    await changing(base, () => {})
    const kept = numbersIn(base).map((number) => before(base, readState(base, number)))
    for (const [path, content] of files)
      expect(
        [look(base), ...kept.map(textsOf)].map((it) => it[path]),
        `seed ${seed}: lost ${path}`,
      ).toContain(content)
    if (whole) await bringBack(base, whole)
  })
})

const textsOf = (contents: Contents): Work =>
  Object.fromEntries(
    [...contents].map(([path, content]) => [
      path,
      content && 'link' in content ? `-> ${content.link}` : String(content?.toString('latin1')),
    ]),
  )
