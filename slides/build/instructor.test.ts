import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Chapter, chapters, days, folderOf, minutesOf } from '../../shared/manifest/chapters.ts'
import { Findings } from '../../shared/manifest/findings.ts'
import { ours, readDeck } from './deck.ts'
import { editionsOf } from './plan.ts'

describe.each(Object.entries(editionsOf()))('the edition %s', (name, { hours, rows }) => {
  const lessons = rows.flatMap(({ lesson }) => lesson ?? [])

  test('fits its hours, each row beginning when the one before it ends', () => {
    for (const [index, { at, minutes, what }] of rows.slice(0, -1).entries())
      expect(at + minutes, what).toBe(rows[index + 1]!.at)
    expect((rows.at(-1)!.at - rows[0]!.at) / 60, 'move steps to "time to spare"').toBeLessThanOrEqual(hours)
  })

  test('gives each exercise the minutes of its core steps, and says which of them may be cut', () => {
    for (const { lesson, cut } of rows) {
      if (!lesson) continue
      const { chapter, exercise } = lesson
      expect(exercise).toBe(minutesOf(chapter))
      const [, step, minutes] = /^step (\d+), (\d+) min$/.exec(cut) ?? []
      expect(
        chapter.steps[Number(step) - 1],
        `chapter ${chapter.number} names no core step with cut: true`,
      ).toMatchObject({
        minutes: Number(minutes),
        cut: true,
      })
    }
  })

  test('leaves out no chapter of its day: by hand, or as a demo', () => {
    const day = name === 'half' ? 1 : Number(name)
    const shown = rows.flatMap(({ what }) => /^demos of (.*?), eight minutes/.exec(what)?.[1]?.match(/\d\d/g) ?? [])
    const all = [...lessons.map(({ chapter }) => chapter.number), ...shown]
    expect(all.toSorted()).toEqual(chapters.filter((it) => it.day === day).map(({ number }) => number))
  })
})

test('a day appears with its first chapter, and has a break for every two hours', () => {
  const added: Chapter = { ...chapters[0]!, number: '00', slug: 'tea', title: 'Tea', day: 3 }
  const { 3: third, ...others } = editionsOf([...chapters.filter(({ day }) => day === 1), added])
  expect(Object.keys(others).toSorted()).toEqual(['1', 'half'])
  expect(third!.title).toBe(`Day 3: ${days[3].toLowerCase()}`)
  expect(third!.rows.map(({ lesson }) => lesson?.chapter.number ?? '')).toEqual(['', '00', '', '', ''])
  for (const { rows } of Object.values(editionsOf())) {
    let worked = 0
    for (const { what, minutes } of rows) {
      worked = /^(break|lunch)$/.test(what) ? 0 : worked + minutes
      expect(worked, `${what}: two hours and more without a break`).toBeLessThan(150)
    }
  }
})

test('there is something to ask and to show in each chapter: its cover’s notes say what', () => {
  const covers = readDeck(ours, new Findings()).filter(({ chapter, classes }) => chapter && classes.includes('cover'))
  expect(covers.map(({ chapter }) => chapter)).toEqual(chapters)
  for (const { chapter, notes, file } of covers) {
    for (const when of ['Ask before', 'Ask during', 'Ask after', 'Show']) expect(notes, file).toContain(`**${when}:**`)
    const shown = [...notes.matchAll(/`((mistakes|variants)\/[\w-]+\.(?:ts|diff))`/g)].map(([, path]) => path!)
    expect(shown.length, `${file} shows two mistakes and a variant`).toBeGreaterThanOrEqual(3)
    for (const path of shown)
      expect(existsSync(join(ours.root, 'solutions', folderOf(chapter!), path)), path).toBe(true)
  }
})

const guide = readFileSync(join(ours.root, 'slides/INSTRUCTOR.md'), 'utf8')
const { scripts } = JSON.parse(readFileSync(join(ours.root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}

/** What a command is called, whatever its chapter or edition: `slides --edition`, `demo 03 --solution`. */
function nameOf(command: string): string {
  const [, name = '', rest = ''] = /^npm (?:run )?([\w:]+)(.*)$/.exec(command) ?? []
  const [chapter = ''] = name === 'demo' ? (/\d\d/.exec(rest) ?? []) : []
  return [name, chapter, ...(rest.match(/--\w[\w.-]*/g) ?? [])].filter(Boolean).join(' ')
}

/** In backticks, or after a prompt; what is npm's own, or a measurement that a note refers to, is not for the day. */
const commandsIn = (text: string): string[] =>
  [...text.matchAll(/`([^`]+)`|^\$ (.+?)(?: +#.*)?$/gm)]
    .flatMap(([, quoted, typed]) => (quoted ?? typed!).split(' && '))
    .filter((command) => command.startsWith('npm '))
    .map(nameOf)
    .filter((name) => Object.hasOwn(scripts, name.split(' ')[0]!) && !name.startsWith('bench'))

/** By their names: what the guide says that each takes. */
const takes = new Map(
  [...guide.matchAll(/^\| `(npm [^`]+)`.*?\| (.*?) \|/gm)].map(([, command, time]) => [nameOf(command!), time!]),
)

test('whatever is run on the day stands in the guide, with what it takes', () => {
  const slides = readDeck(ours, new Findings())
  const shown = slides.flatMap(({ body, notes }) => [
    body,
    ...(notes.match(/^\*\*Demo:[\s\S]*?(?=\n\n|$(?![\s\S]))/gm) ?? []),
  ])
  const timeless = commandsIn([guide, ...shown].join('\n')).filter(
    (name) => !/^\d+ (s|min)\b/.test(takes.get(name) ?? ''),
  )
  expect([...new Set(timeless)], 'have no line in a table of the guide’s, or no time beside it').toEqual([])
})

test('each demo stands in the guide, naive and solved, and none is longer than a room is patient', () => {
  const PATIENCE_S = 25
  for (const chapter of chapters) {
    if (!existsSync(join(ours.root, 'exercises', folderOf(chapter), 'demo.ts'))) continue
    for (const name of [`demo ${chapter.number}`, `demo ${chapter.number} --solution`]) {
      const [, seconds] = /^(\d+) s$/.exec(takes.get(name) ?? '') ?? []
      expect(Number(seconds), `${name}: seconds, in the table of demos`).toBeLessThanOrEqual(PATIENCE_S)
    }
  }
})

test('what the guide points to is there', () => {
  for (const [, link] of guide.matchAll(/\]\((.+?)\)/g))
    expect(existsSync(join(ours.root, 'slides', link!)), link).toBe(true)
})
