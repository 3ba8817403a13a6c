import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Findings } from '../../manifest/findings.ts'
import { drawings } from '../../stage/drawings/drawings.ts'
import { fileOf, PICTURES } from '../../stage/drawings/svg.ts'
import { sources } from './files.ts'

/*
 * Where a text shows a drawing it needs a file, which is written from the drawing, as are the words for whoever does not see
 * it: `<img … src="…/pictures/title.svg" alt="…">`; by `npm run check -- --record`, and the gate holds them to it.
 */
const SHOWN = new RegExp(`(src="[^"]*${PICTURES}/([\\w-]+)\\.svg" alt=")([^"]*)"`, 'g')

const textsWith = (root: string) =>
  sources(root, 'md').map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }))

const namesIn = (text: string) => [...text.matchAll(SHOWN)].map(([, , name = '']) => name)

const written = (root: string) => globSync(`${PICTURES}/*.svg`, { cwd: root }).map((file) => file.replaceAll('\\', '/'))

const pictureOf = (name: string) => `${PICTURES}/${name}.svg`

/** @returns the files written */
export function recordPictures(root: string): string[] {
  const texts = textsWith(root).filter(({ text }) => namesIn(text).some((name) => drawings[name]))
  for (const { file, text } of texts)
    writeFileSync(
      join(root, file),
      text.replace(SHOWN, (all, src: string, name: string) => (drawings[name] ? `${src}${drawings[name].alt}"` : all)),
    )
  const names = new Set(texts.flatMap(({ text }) => namesIn(text)).filter((name) => drawings[name]))
  for (const file of written(root)) rmSync(join(root, file))
  return [...names].map((name) => {
    const path = join(root, pictureOf(name))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, fileOf(drawings[name]!))
    return pictureOf(name)
  })
}

export function checkPictures(root: string, findings: Findings): void {
  const AGAIN = 'run "npm run check -- --record"'
  const needed = new Set<string>()
  for (const { file, text } of textsWith(root))
    for (const [, , name = '', alt] of text.matchAll(SHOWN)) {
      needed.add(pictureOf(name))
      if (!findings.check(Object.hasOwn(drawings, name), file, `shows "${name}", which is no drawing`)) continue
      findings.check(alt === drawings[name]!.alt, file, `says something else of ${name} than the drawing: ${AGAIN}`)
      const path = join(root, pictureOf(name))
      const isSame = existsSync(path) && readFileSync(path, 'utf8').replaceAll('\r\n', '\n') === fileOf(drawings[name]!)
      findings.check(isSame, pictureOf(name), `is not what the code draws: ${AGAIN}`)
    }
  for (const file of written(root)) findings.check(needed.has(file), file, `is in no text any more: ${AGAIN}`)
}
