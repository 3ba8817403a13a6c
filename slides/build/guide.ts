import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The instructor's guide, which has the run sheets. */
export const guide = readFileSync(join(import.meta.dirname, 'INSTRUCTOR.md'), 'utf8').replaceAll('\r\n', '\n')

/** A chapter by hand, in minutes. */
export interface Lesson {
  number: string
  title: string
  talk: number
  exercise: number
  review: number
}

export interface Row {
  /** As `09:15`. */
  from: string
  minutes: number
  what: string
  /** What to leave out if late; empty for nothing. */
  cut: string
  lesson: Lesson | undefined
}

function lessonOf(what: string): Lesson | undefined {
  const [, number, title, ...parts] = /^(\d\d) (.+): (\d+) talk, (\d+) exercise, (\d+) review$/.exec(what) ?? []
  const [talk, exercise, review] = parts.map(Number) as [number, number, number]
  return number ? { number, title: title!, talk, exercise, review } : undefined
}

/** The rows of a run sheet, by the heading above it; the last is the day's end. */
export function runSheet(heading: string): Row[] {
  const [, section = ''] = guide.split(`\n## ${heading}\n`)
  const rows = section.split('\n## ')[0]!.matchAll(/^\| (\d\d:\d\d) \| (\d*) ?\| (.*?) \| (.*?) ?\|$/gm)
  return [...rows].map(([, from = '', minutes, what = '', cut = '']) => ({
    from,
    minutes: Number(minutes),
    what,
    cut,
    lesson: lessonOf(what),
  }))
}

export const minutesAt = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
