import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Chapter, folderOf, isGiven } from '../../manifest/chapters.ts'
import { isWritten } from '../../manifest/target.ts'
import type { Findings } from '../../manifest/findings.ts'

/** Without what systems and editors leave behind, such as .DS_Store. */
const list = (folder: string) => (existsSync(folder) ? readdirSync(folder).filter((file) => !file.startsWith('.')) : [])

/** The chapter's files on both sides, no more and no fewer than the manifest says. */
export function checkFiles(root: string, chapter: Chapter, findings: Findings): void {
  const allowed = {
    exercises: isGiven,
    solutions: (file: string) => ['NOTES.md', 'skeleton.json', 'survivors.json', 'mistakes', 'variants'].includes(file),
  }
  for (const [tree, beside] of Object.entries(allowed)) {
    const folder = `${tree}/${folderOf(chapter)}`
    const files = list(join(root, folder))
    for (const file of chapter.files)
      findings.check(
        files.includes(file),
        `${folder}/${file}`,
        'is in the manifest but not here: add it, or mend shared/manifest/chapters.ts',
      )
    for (const file of files)
      findings.check(
        chapter.files.includes(file) || beside(file),
        `${folder}/${file}`,
        `is not in the manifest: add it to chapter ${chapter.number} in shared/manifest/chapters.ts, or remove it`,
      )
  }
  if (isWritten(chapter, root)) {
    const notes = `solutions/${folderOf(chapter)}/NOTES.md`
    findings.check(existsSync(join(root, notes)), notes, 'is missing: what the solution does, and why not otherwise')
  }
}

/** No chapter's folder that the manifest does not know, and no wrong answer that somebody takes for a right one. */
export function checkTrees(root: string, all: Chapter[], findings: Findings): void {
  for (const tree of ['exercises', 'solutions'])
    for (const folder of list(join(root, tree)))
      findings.check(
        all.some((chapter) => folderOf(chapter) === folder),
        `${tree}/${folder}`,
        'is no chapter of the manifest (shared/manifest/chapters.ts): add it, or remove the folder',
      )

  for (const file of sources(root, 'ts')) {
    const [, path] =
      /^(?:import|export|}).* from '(.*\/(?:mistakes|variants)\/.*)'/m.exec(readFileSync(join(root, file), 'utf8')) ??
      []
    findings.check(!path, file, `imports ${path}: only the gate may use what is in there`)
  }
}

/** The project's own files of a kind, below the root and with forward slashes. */
export const sources = (root: string, extension: string): string[] =>
  globSync(`**/*.${extension}`, { cwd: root, exclude: ['**/node_modules/**', '**/.*/**'] }).map((file) =>
    file.replaceAll('\\', '/'),
  )
