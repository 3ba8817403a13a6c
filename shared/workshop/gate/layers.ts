import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import type { Findings } from '../../manifest/findings.ts'
import { type Cell, table } from '../../stage/table.ts'
import { sources } from './files.ts'

/** From the ground up. A room imports from the floors below its own; nothing from above, and nothing from next door. */
const FLOORS: string[][] = [
  ['shared/core', 'package.json'],
  ['chapters'],
  ['shared/manifest'],
  ['shared/testing'],
  ['suites', 'vitest.config.ts'],
  ['shared/carriers'],
  ['shared/service'],
  ['shared/stage'],
  ['demos', 'slides', 'shared/lab', 'shared/gameday', 'shared/bench', 'shared/proof', 'shared/room'],
  ['shared/workshop'],
]

interface Place {
  room: string
  /** The chapter's folder, of what belongs to one. */
  chapter?: string
}

function placeOf(file: string): Place {
  const [, chapter] = /^(?:exercises|solutions|#chapters)\/([^/]+)\//.exec(file) ?? []
  if (!chapter) return { room: /^(shared\/)?[^/]+/.exec(file)![0] }
  const room = file.endsWith('.test.ts') ? 'suites' : file.endsWith('/demo.ts') ? 'demos' : 'chapters'
  return { room, chapter }
}

const floorOf = (room: string) => FLOORS.findIndex((rooms) => rooms.includes(room))

/** A file of ours that another one imports, mocks or resolves; a type counts like anything else, as it is needed too. */
interface Import {
  file: string
  line: number
  /** Below the root, or as `#chapters/…`. */
  imported: string
}

const SPECIFIER = /(?:\b(?:from|import)\s*|\b(?:import|mock|resolve)\()'(\.[^']*|#chapters\/\d\d-[^']*)'/g

function importsIn(root: string): Import[] {
  const files = ['ts', 'tsx', 'mts', 'mjs'].flatMap((extension) => sources(root, extension))
  return files.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    return [...text.matchAll(SPECIFIER)].map(({ 1: specifier = '', index }) => ({
      file,
      line: text.slice(0, index).split('\n').length,
      imported: specifier.startsWith('#') ? specifier : posix.join(posix.dirname(file), specifier),
    }))
  })
}

/** What is wrong with it, and where the code belongs; undefined when it runs downwards, or stays at home. */
function complaintAbout({ file, imported }: Import): string | undefined {
  const [from, to] = [placeOf(file), placeOf(imported)]
  if (from.chapter && to.chapter && from.chapter !== to.chapter)
    return `imports ${imported}: a chapter stands alone; what two of them need belongs into shared/core`
  const [floor, other] = [floorOf(from.room), floorOf(to.room)]
  if (floor < 0 || other < 0)
    return `is in ${floor < 0 ? from.room : to.room}, which has no floor: give it one in shared/workshop/gate/layers.ts`
  if (from.room === to.room || other < floor) return undefined
  const where = other === floor ? 'next door' : 'above'
  const below = FLOORS[floor - 1]?.filter((room) => room.startsWith('shared/')).join(', ')
  const belongs = below ? `${below} or further down` : 'it, or nowhere'
  return `imports ${imported}, which is ${where}: what ${from.room} needs of it belongs into ${belongs}`
}

/** No import runs up or sideways. */
export function checkLayers(root: string, findings: Findings): void {
  for (const each of importsIn(root)) {
    // What was fetched is nobody's room.
    if (each.imported.includes('node_modules')) continue
    const complaint = complaintAbout(each)
    findings.check(complaint === undefined, `${each.file}:${each.line}`, complaint ?? '')
  }
}

/** Who imports whom, and how often: all of it below the diagonal. */
export function layersTable(root: string): string {
  const counts: Record<string, Record<string, number>> = {}
  for (const { file, imported } of importsIn(root)) {
    const [from, to] = [placeOf(file).room, placeOf(imported).room]
    const row = (counts[from] ??= {})
    if (from !== to) row[to] = (row[to] ?? 0) + 1
  }
  const rooms = FLOORS.flat().filter((room) => counts[room])
  const cells = (row: string): Cell[] => rooms.map((column) => counts[row]?.[column] ?? '·')
  const head = ['a row imports from', ...rooms.map((room) => room.replace('shared/', ''))]
  return table([head, ...rooms.map((row) => [row, ...cells(row)])])
}
