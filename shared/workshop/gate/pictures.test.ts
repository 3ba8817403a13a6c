import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Findings } from '../../manifest/findings.ts'
import { drawings } from '../../stage/drawings/drawings.ts'
import { withFiles } from '../../testing/tree.ts'
import { checkPictures, recordPictures } from './pictures.ts'

const folder = 'shared/stage/drawings/pictures'
const showing = (name: string, alt = '') => `# A text\n\n<img width="320" src="${folder}/${name}.svg" alt="${alt}">\n`

const said = (root: string) => {
  const findings = new Findings()
  checkPictures(root, findings)
  return findings.failed.map(({ file, fix }) => `${file} ${fix}`)
}

test('what a text shows of the drawings is written, with its words, and nothing else is left', () =>
  withFiles({ 'README.md': showing('moon'), [`${folder}/old.svg`]: '<svg/>' }, async (root) => {
    expect(recordPictures(root)).toEqual([`${folder}/moon.svg`])
    expect(said(root)).toEqual([])
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toBe(showing('moon', drawings.moon!.alt))
    expect(existsSync(join(root, folder, 'old.svg'))).toBe(false)
    // Once more, and nothing changes.
    expect(recordPictures(root)).toEqual([`${folder}/moon.svg`])
    expect(said(root)).toEqual([])
  }))

test('what is not as it is drawn is told with its file', () =>
  withFiles({ 'README.md': showing('moon', 'A bird') + showing('sun', 'A star') }, async (root) => {
    recordPictures(root)
    writeFileSync(join(root, folder, 'moon.svg'), '<svg/>')
    writeFileSync(join(root, folder, 'old.svg'), '<svg/>')
    expect(said(root)).toEqual([
      `${folder}/moon.svg is not what the code draws: run "npm run check -- --record"`,
      'README.md shows "sun", which is no drawing',
      `${folder}/old.svg is in no text any more: run "npm run check -- --record"`,
    ])
    writeFileSync(join(root, 'README.md'), showing('moon', 'A fish'))
    expect(said(root)).toContain(
      'README.md says something else of moon than the drawing: run "npm run check -- --record"',
    )
  }))
