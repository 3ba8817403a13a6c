import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { styleText } from 'node:util'
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import { pager } from '../pager.ts'
import { pathOf, root, takeTargets, type Target } from '../../manifest/target.ts'
import { Trouble } from '../../core/trouble.ts'

/** What would have to change in your files to make them ours; all of the chapter's, or those that are named. */
export async function run(args: string[]): Promise<void> {
  const { targets, rest: names } = takeTargets(args)
  if (targets.length === 0) throw new Trouble('Which chapter? For example: npm run diff 03')
  const chapters = [...new Set(targets.map(({ chapter }) => chapter))]
  const all = chapters.flatMap(({ files }) => files)
  const stranger = names.find((name) => !all.includes(name))
  if (stranger) throw new Trouble(`There is no file "${stranger}" to compare. There are: ${all.join(', ')}.`)

  const patches = chapters.flatMap((chapter) =>
    chapter.files
      .filter((file) => names.length === 0 || names.includes(file))
      .map((file) =>
        patch(pathIn({ chapter, subject: 'exercises' }, file), pathIn({ chapter, subject: 'solutions' }, file)),
      ),
  )
  const text = patches.join('')
  await pager(text || 'Nothing is different: yours are as in the solution.\n')
}

const pathIn = (target: Target, file: string) => `${pathOf(target)}/${file}`

/** Empty when there is no difference; line ends and a byte order mark make none. */
function patch(yours: string, ours: string): string {
  const [from, to] = [yours, ours].map(textOf)
  if (from === to) return ''
  const lines = createTwoFilesPatch(yours, ours, from!, to!, '', '', { headerOptions: FILE_HEADERS_ONLY }).split('\n')
  return lines.map(coloured).join('\n')
}

const textOf = (path: string) =>
  existsSync(join(root, path)) ? new TextDecoder().decode(readFileSync(join(root, path))).replaceAll('\r\n', '\n') : ''

function coloured(line: string): string {
  if (/^(---|\+\+\+) /.test(line)) return styleText('bold', line)
  if (line.startsWith('@@')) return styleText('cyan', line)
  if (line.startsWith('-')) return styleText('red', line)
  return line.startsWith('+') ? styleText('green', line) : line
}
