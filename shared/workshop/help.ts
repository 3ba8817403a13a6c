import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../manifest/target.ts'

/** What a command does, by its row in the README: it is said in one place. */
export function helpOf(name: string): string {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const row = new RegExp(`^\\| \`(npm (?:run )?${name}(?: [^\`]*)?)\` \\| (.*) \\|$`, 'm')
  const [, usage, does = ''] = row.exec(readme) ?? []
  if (!usage) return `"npm run ${name}" is for maintainers: CONTRIBUTING.md tells.`
  return `${usage}\n    ${does.replace(/\[([^\]]*)\]\(([^)]*)\)/g, '$1: $2').replaceAll('`', '')}`
}
