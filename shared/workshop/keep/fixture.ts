import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { chapters, folderOf } from '../../manifest/chapters.ts'
import { withFiles } from '../../testing/tree.ts'
import { root } from '../../manifest/target.ts'

export const chapter = chapters.find(({ slug }) => slug === 'hedged-requests')!
export const folder = folderOf(chapter)

/** Works on a workshop of this one chapter, of which nothing is begun, with the commands to run as processes. */
export async function withWorkshop(work: (base: string) => Promise<void>): Promise<void> {
  const everyFile = <T>(folderPath: string, content: (file: string) => T) =>
    Object.fromEntries(chapter.files.map((file) => [`${folderPath}${file}`, content(file)]))
  const files = {
    'package.json': '{ "type": "module" }',
    ...everyFile(`exercises/${folder}/`, (file) => `naive ${file}\n`),
    [`exercises/${folder}/some.test.ts`]: 'the suite',
    ...everyFile(`solutions/${folder}/`, (file) => `our ${file}\n`),
    [`solutions/${folder}/skeleton.json`]: JSON.stringify(everyFile('', (file) => [`naive ${file}`, ''])),
  }
  await withFiles(files, async (base) => {
    // What the commands stand on.
    for (const part of ['shared/core', 'shared/manifest', 'shared/workshop'])
      cpSync(join(root, part), join(base, part), { recursive: true })
    await work(base)
  })
}
