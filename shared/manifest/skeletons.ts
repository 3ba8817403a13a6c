import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Chapter, folderOf } from './chapters.ts'
import type { Findings } from './findings.ts'
import { Trouble } from '../core/trouble.ts'

/*
 * What `npm run reset` puts back: a second copy of each skeleton, line by line, beside the solution, where no attendee
 * tidies up. It is there because the first copy is the one that attendees edit, and a download without .git has no other.
 * It cannot drift: the gate compares the two, and `npm run check -- --record` writes it.
 */
const fileOf = (chapter: Chapter) => `solutions/${folderOf(chapter)}/skeleton.json`

/** @throws {Trouble} when the copy is damaged. */
export function skeletonOf(base: string, chapter: Chapter): Map<string, Buffer> {
  try {
    const lines = JSON.parse(readFileSync(join(base, fileOf(chapter)), 'utf8')) as Record<string, string[]>
    return new Map(chapter.files.map((file) => [file, Buffer.from(lines[file]!.join('\n'))]))
  } catch (error) {
    throw new Trouble(`${fileOf(chapter)} is damaged: take it from a fresh download of the workshop.`, { cause: error })
  }
}

/** Copies the skeleton as it is now. @returns the file written. */
export function recordSkeleton(base: string, chapter: Chapter): string {
  const text = (file: string) => readFileSync(join(base, 'exercises', folderOf(chapter), file), 'utf8')
  const lines = Object.fromEntries(chapter.files.map((file) => [file, text(file).split('\n')]))
  writeFileSync(join(base, fileOf(chapter)), `${JSON.stringify(lines, null, 2)}\n`)
  return fileOf(chapter)
}

/** The copy is what `exercises/` holds. */
export function checkSkeleton(base: string, chapter: Chapter, findings: Findings): void {
  for (const file of chapter.files) {
    const path = `exercises/${folderOf(chapter)}/${file}`
    let isSame = false
    try {
      isSame = skeletonOf(base, chapter)
        .get(file)!
        .equals(readFileSync(join(base, path)))
    } catch {}
    findings.check(
      isSame,
      path,
      `is not what "npm run reset ${chapter.number}" would put back: run "npm run check -- --record ${chapter.number}"`,
    )
  }
}
