import { writeFileSync } from 'node:fs'
import { parseArgs, styleText } from 'node:util'
import { ours, readDeck } from '../../../slides/build/deck.ts'
import { checkPerformance } from '../../../slides/build/performance.ts'
import { type Chapter, chapters, folderOf } from '../../manifest/chapters.ts'
import { checkCommands } from '../gate/commands.ts'
import { checkTrees } from '../gate/files.ts'
import { Findings } from '../../manifest/findings.ts'
import { checkChapters, recordReasons } from '../gate/gate.ts'
import { checkLayers, layersTable } from '../gate/layers.ts'
import { checkPictures, recordPictures } from '../gate/pictures.ts'
import { checkPassages, recordPassages } from '../gate/written.ts'
import { checkStyle, checkTypes, ensureSlides, ensureTools } from '../gate/tools.ts'
import { recordSkeleton } from '../../manifest/skeletons.ts'
import { isWritten, root, takeTargets } from '../../manifest/target.ts'

/**
 * The gate: everything, or with chapters only those. `--record` writes their red.json and the copy of their skeletons
 * instead; `--layers` prints who imports whom, and how often.
 * `--json <file>` also writes how many checks passed and failed.
 */
export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      record: { type: 'boolean', default: false },
      layers: { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  })
  if (values.layers) return console.log(layersTable(root))
  const named = takeTargets(positionals).targets.map(({ chapter }) => chapter)
  if (values.record) {
    const some = named.length > 0 ? named : chapters.filter((it) => isWritten(it))
    const files = await recordReasons(root, some)
    for (const file of files) console.log(`Wrote ${file}: is each the reason you meant? (git diff ${file})`)
    for (const file of recordPassages(root)) console.log(`Wrote ${file}, as far as it follows the manifest`)
    for (const file of recordPictures(root)) console.log(`Wrote ${file}`)
    for (const chapter of some) console.log(`Wrote ${recordSkeleton(root, chapter)}, for "npm run reset"`)
    return
  }

  const findings = new Findings()
  await gate(named, findings)
  console.log()
  for (const { file, fix } of findings.failed) console.log(`${styleText('red', '✗')} ${styleText('bold', file)} ${fix}`)
  console.log(`${findings.passed} checks passed, ${findings.failed.length} failed`)
  if (values.json)
    writeFileSync(values.json, JSON.stringify({ passed: findings.passed, failed: findings.failed.length }))
  process.exitCode = findings.failed.length > 0 ? 1 : 0
}

async function gate(named: Chapter[], findings: Findings): Promise<void> {
  const progress = async (what: string, work: () => void | Promise<void>) => {
    const [passed, failed, startedAt] = [findings.passed, findings.failed.length, performance.now()]
    await work()
    const bad = findings.failed.length - failed
    const mark = bad > 0 ? styleText('red', '✗') : styleText('green', '✓')
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    console.log(
      `${mark} ${what}: ${findings.passed - passed}${bad > 0 ? `, and ${bad} not` : ''} ${styleText('dim', `(${seconds} s)`)}`,
    )
  }
  const some = named.length > 0 ? named : chapters
  const folders = named.flatMap((chapter) => [`exercises/${folderOf(chapter)}`, `solutions/${folderOf(chapter)}`])

  ensureTools()
  ensureSlides()
  await progress('types, for the exercises and for the solutions', () => checkTypes(findings))
  await progress('lint and format', () => checkStyle(folders, findings))
  await progress('commands in texts', () => {
    for (const folder of folders.length > 0 ? folders : ['.']) checkCommands(root, folder, chapters, findings)
  })
  await progress('slides, what they import, and how they play', () => {
    const before = findings.failed.length
    const slides = readDeck(ours, findings)
    // What is missing cannot be counted.
    if (findings.failed.length === before) checkPerformance(slides, ours, findings)
  })
  await progress('layers: no import runs up, or next door', () => checkLayers(root, findings))
  await progress('nothing beside the manifest', () => {
    checkTrees(root, chapters, findings)
    checkPassages(root, findings)
    checkPictures(root, findings)
  })
  for (const chapter of some) if (!isWritten(chapter)) console.log(`- ${folderOf(chapter)} has no suite yet: skipped`)
  await checkChapters(root, some, findings, progress)
}
