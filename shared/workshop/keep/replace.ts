import { type Chapter, folderOf } from '../../manifest/chapters.ts'
import { root, takeTargets } from '../../manifest/target.ts'
import { Trouble } from '../../core/trouble.ts'
import { change, changing } from './change.ts'
import { nameOf } from './states.ts'

/** Puts other files in the place of the attendee's, in the chapters that the arguments name, and says so. */
export async function replace(
  command: 'solve' | 'reset',
  args: string[],
  filesOf: (chapter: Chapter) => Map<string, Buffer>,
  nowThey: string,
): Promise<void> {
  const { targets, rest } = takeTargets(args)
  if (rest.length > 0) throw new Trouble(`"npm run ${command}" takes chapters and nothing else, not "${rest[0]}".`)
  if (targets.length === 0) throw new Trouble(`Which chapter? For example: npm run ${command} 03`)
  const chapters = [...new Set(targets.map(({ chapter }) => chapter))]
  const inFolder = (chapter: Chapter) =>
    [...filesOf(chapter)].map(([file, content]) => [`${folderOf(chapter)}/${file}`, content] as const)
  const goal = new Map(chapters.flatMap(inFolder))
  const name = `${command} ${chapters.map(({ number }) => number).join(' ')}`

  const state = await changing(root, () => change(root, name, goal))
  for (const chapter of chapters) {
    const files = chapter.files.map((file) => `${folderOf(chapter)}/${file}`)
    const changed = files.filter((path) => state && state.goal[path] !== state.files[path]).length
    const what = changed > 0 ? `${changed} of its files ${nowThey}` : `its files already ${nowThey}: nothing to do`
    console.log(`Chapter ${chapter.number}, ${chapter.title}: ${what}.`)
  }
  if (state) console.log(`What you had is kept in ${nameOf(state)}; to take it back: npm run undo`)
}
