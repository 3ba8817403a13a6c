import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chapters, minutesOf } from '../../shared/manifest/chapters.ts'
import { guide, minutesAt, runSheet } from './guide.ts'

describe.each([
  { heading: 'Half a day', hours: 4 },
  { heading: 'A whole day', hours: 8 },
])('$heading', ({ heading, hours }) => {
  const rows = runSheet(heading)
  const lessons = rows.flatMap(({ lesson, minutes, cut }) => (lesson ? [{ ...lesson, minutes, cut }] : []))

  test('each row begins when the one before it ends, and the last when the day does', () => {
    for (const [index, { from, minutes, what }] of rows.slice(0, -1).entries())
      expect(minutesAt(from) + minutes, `"${what}" is not over when the next begins`).toBe(
        minutesAt(rows[index + 1]!.from),
      )
    expect(minutesAt(rows.at(-1)!.from) - minutesAt(rows[0]!.from)).toBe(hours * 60)
  })

  test('each exercise has the minutes that its core steps have in the manifest', () => {
    for (const { number, title, minutes, talk, exercise, review } of lessons) {
      const chapter = chapters.find((it) => it.number === number)!
      expect(title).toBe(chapter.title)
      expect(exercise, `chapter ${number}: mend its row, and the times of those below`).toBe(minutesOf(chapter))
      expect(talk + exercise + review, `the parts of chapter ${number}`).toBe(minutes)
    }
  })

  test('what may be cut is a core step, with its minutes', () => {
    for (const { number, cut } of lessons) {
      const [, step, minutes] = /^step (\d+), (\d+) min$/.exec(cut) ?? []
      const { steps } = chapters.find((it) => it.number === number)!
      expect(steps[Number(step) - 1], `chapter ${number}: "${cut}"`).toMatchObject({ minutes: Number(minutes) })
      expect(
        steps[Number(step) - 1]!.spare,
        `chapter ${number}: "${cut}" is not in the exercise anyway`,
      ).toBeUndefined()
    }
  })

  test('no chapter is left out: by hand or as a demo', () => {
    const [, demos = ''] =
      /^\| .*demos of (.*?),? eight minutes/m.exec(rows.map(({ what }) => `| ${what}`).join('\n')) ?? []
    const shown = [...lessons.map(({ number }) => number), ...(demos.match(/\d\d/g) ?? [])]
    expect(shown.toSorted()).toEqual(chapters.map(({ number }) => number))
  })
})

test('there is something to ask and to show in each chapter', () => {
  const headings = [...guide.matchAll(/^\*\*(\d\d .+?)\.\*\*/gm)].map(([, heading]) => heading)
  expect(headings).toEqual(chapters.map(({ number, title }) => `${number} ${title}`))
})

test('what it points to is there', () => {
  const links = [...guide.matchAll(/\]\((.+?)\)/g)].map(([, link]) => link!)
  expect(links.length).toBeGreaterThan(chapters.length)
  expect(links.filter((link) => !existsSync(join(import.meta.dirname, link)))).toEqual([])
})
