import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Chapter, folderOf } from '../../manifest/chapters.ts'
import type { Findings } from '../../manifest/findings.ts'

/** A mistake or a variant: a module that takes the place of one file of a solution. */
export interface StandIn {
  chapter: Chapter
  /** Below the root; also the name of its Vitest project. */
  path: string
  /** The file of the solution whose place it takes, below the root. */
  replaces: string
  /** The name of the test that must catch a mistake; a variant has none. */
  killedBy: string
}

/** Reads the headers of `mistakes/*.ts` or `variants/*.ts`; what has no proper header is a finding, and left out. */
export function readStandIns(
  root: string,
  chapter: Chapter,
  kind: 'mistakes' | 'variants',
  findings: Findings,
): StandIn[] {
  const solution = `solutions/${folderOf(chapter)}`
  const folder = join(root, solution, kind)
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.ts')) : []
  return files.flatMap((file) => {
    const path = `${solution}/${kind}/${file}`
    const [header = ''] = /^\/\*.*?\*\//s.exec(readFileSync(join(root, path), 'utf8')) ?? []
    const field = (label: string) => new RegExp(`^[ /*]*${label}: *(.+?)[ */]*$`, 'm').exec(header)?.[1] ?? ''
    const replaced = field('Replaces')
    const complete = kind === 'variants' || (field('Mistake') !== '' && field('Killed by') !== '')
    const ok = findings.check(
      complete && chapter.files.includes(replaced),
      path,
      `begin with a comment that has the lines ${kind === 'mistakes' ? '"Mistake: …", "Killed by: …" and ' : ''}` +
        `"Replaces: …", which names one of ${chapter.files.join(', ')}`,
    )
    return ok ? [{ chapter, path, replaces: `${solution}/${replaced}`, killedBy: field('Killed by') }] : []
  })
}
