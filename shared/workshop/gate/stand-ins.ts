import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Chapter, folderOf } from '../../manifest/chapters.ts'
import type { Findings } from '../../manifest/findings.ts'
import { applyDiff, headerOf, isDiff } from '../../manifest/stand-in.ts'

/** A mistake or a variant: a module that takes the place of one file of a solution, or what is changed in that. */
export interface StandIn {
  chapter: Chapter
  /** Below the root; also the name of its Vitest project. */
  path: string
  /** The file of the solution whose place it takes, below the root. */
  replaces: string
  /** The name of the test that must catch a mistake; a variant has none. */
  killedBy: string
  /** The changed file, where it is told by a diff. */
  code?: string
}

/** Reads `mistakes` or `variants`; what has no proper header, or a diff that does not fit, is a finding, and left out. */
export function readStandIns(
  root: string,
  chapter: Chapter,
  kind: 'mistakes' | 'variants',
  findings: Findings,
): StandIn[] {
  const solution = `solutions/${folderOf(chapter)}`
  const folder = join(root, solution, kind)
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => /\.(ts|diff)$/.test(file)) : []
  return files.flatMap((file) => {
    const path = `${solution}/${kind}/${file}`
    const text = readFileSync(join(root, path), 'utf8')
    const { mistake, replaces, killedBy } = headerOf(file, text)
    const complete = kind === 'variants' || (mistake !== '' && killedBy !== '')
    const ok = findings.check(
      complete && chapter.files.includes(replaces),
      path,
      `begin with ${isDiff(file) ? 'lines' : 'a comment that has the lines'} ` +
        `${kind === 'mistakes' ? '"Mistake: …", "Killed by: …" and ' : ''}"Replaces: …", which names one of ${chapter.files.join(', ')}`,
    )
    if (!ok) return []
    const standIn = { chapter, path, replaces: `${solution}/${replaces}`, killedBy }
    if (!isDiff(file)) return [standIn]
    try {
      return [{ ...standIn, code: applyDiff(readFileSync(join(root, standIn.replaces), 'utf8'), text) }]
    } catch (error) {
      findings.check(false, path, `does not fit ${standIn.replaces}: ${(error as Error).message}`)
      return []
    }
  })
}
