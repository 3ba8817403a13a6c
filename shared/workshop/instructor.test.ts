import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chapters, minutesOf } from './chapters.ts'

const guide = readFileSync(join(import.meta.dirname, 'INSTRUCTOR.md'), 'utf8').replaceAll('\r\n', '\n')

/** The rows of a run sheet, by the heading above it. */
function sheet(heading: string) {
  const [, section = ''] = guide.split(`\n## ${heading}\n`)
  const rows = section.split('\n## ')[0]!.matchAll(/^\| (\d\d:\d\d) \| (\d*) ?\| (.*?) \| (.*?) ?\|$/gm)
  return [...rows].map(([, from = '', minutes, what = '', cut = '']) => ({ from, minutes: Number(minutes), what, cut }))
}

const minutesAt = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))

describe.each([
  { heading: 'Half a day', hours: 4 },
  { heading: 'A whole day', hours: 8 },
])('$heading', ({ heading, hours }) => {
  const rows = sheet(heading)
  const lessons = rows.flatMap((row) => {
    const [, number, title, ...parts] = /^(\d\d) (.+): (\d+) talk, (\d+) exercise, (\d+) review$/.exec(row.what) ?? []
    return number ? [{ ...row, number, title, parts: parts.map(Number) }] : []
  })

  test('each row begins when the one before it ends, and the last when the day does', () => {
    for (const [index, { from, minutes, what }] of rows.slice(0, -1).entries())
      expect(minutesAt(from) + minutes, `"${what}" is not over when the next begins`).toBe(
        minutesAt(rows[index + 1]!.from),
      )
    expect(minutesAt(rows.at(-1)!.from) - minutesAt(rows[0]!.from)).toBe(hours * 60)
  })

  test('each exercise has the minutes that its core steps have in the manifest', () => {
    for (const { number, title, minutes, parts } of lessons) {
      const chapter = chapters.find((it) => it.number === number)!
      expect(title).toBe(chapter.title)
      expect(parts[1], `chapter ${number}: mend its row, and the times of those below`).toBe(minutesOf(chapter))
      expect(
        parts.reduce((sum, part) => sum + part),
        `the parts of chapter ${number}`,
      ).toBe(minutes)
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
