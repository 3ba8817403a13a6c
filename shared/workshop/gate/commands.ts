import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Chapter } from '../../manifest/chapters.ts'
import { targetOf } from '../../manifest/target.ts'
import { sources } from './files.ts'
import type { Findings } from '../../manifest/findings.ts'

/** npm's own, which need no script; `test` and `start` do. */
const builtIn = ['install', 'ci', 'exec', 'config', 'cache', 'view', 'audit', 'outdated', 'version', 'pack']

/** `npm run ui 03`, `npm test 01`, `npm start`: the script, and its first argument when that looks like a chapter. */
const command = /\bnpm (run )?([a-z][\w:-]*)(?: +\[?(\d[\w-]*))?/g

/** What editors are told to run is a text like any other. */
const textsIn = (folder: string): string[] => [
  ...sources(folder, 'md'),
  ...globSync('.{devcontainer,vscode}/*.json', { cwd: folder }),
]

/** Every command in a text exists, and so does every chapter that one is given. */
export function checkCommands(root: string, folder: string, chapters: Chapter[], findings: Findings): void {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  for (const file of textsIn(join(root, folder)).map((name) => join(folder, name).replaceAll('\\', '/'))) {
    for (const [text, run, name = '', chapter] of readFileSync(join(root, file), 'utf8').matchAll(command)) {
      const direct = ['test', 'start'].includes(name)
      const exists = run || direct ? name in scripts : builtIn.includes(name)
      const meant = name in scripts ? `: did you mean "npm run ${name}"?` : ': add it to package.json, or mend the text'
      if (!findings.check(exists, file, `"${text}" is no command${meant}`) || !chapter) continue
      findings.check(targetOf(chapter, chapters) !== undefined, file, `"${text}" names a chapter that does not exist`)
    }
  }
}
