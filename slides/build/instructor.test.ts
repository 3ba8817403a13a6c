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
    const shown = [...notes.matchAll(/`((mistakes|variants)\/[\w-]+\.ts)`/g)].map(([, path]) => path!)
    expect(shown.length, `${file} shows two mistakes and a variant`).toBeGreaterThanOrEqual(3)
    for (const path of shown)
      expect(existsSync(join(ours.root, 'solutions', folderOf(chapter!), path)), path).toBe(true)
  }
})

test('what the guide points to is there', () => {
  const guide = readFileSync(join(ours.root, 'slides/INSTRUCTOR.md'), 'utf8')
  for (const [, link] of guide.matchAll(/\]\((.+?)\)/g))
    expect(existsSync(join(ours.root, 'slides', link!)), link).toBe(true)
})
