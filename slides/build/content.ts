import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { folderOf, keyOf, minutesOf } from '../../shared/manifest/chapters.ts'
import type { Findings } from '../../shared/manifest/findings.ts'
import { applyDiff, headerOf, isDiff } from '../../shared/manifest/stand-in.ts'
import type { Slide, Source } from './deck.ts'
import { type Excerpt, excerptOf, type Region } from './excerpt.ts'
import { stillOf } from './lab.ts'
import { type Drawing, drawings } from '../../shared/stage/drawings/drawings.ts'
import { type NumberName, numbers } from '../../shared/stage/incidents/lines.ts'

/** As the style sheet knows them. */
const MAX_STEPS = 6

/** What `npm run bench` wrote: JSON documents, and plots. */
const RESULTS = 'shared/bench/results'

/** What `npm run gameday mine -- --save` wrote: a section for each chapter, in it a table. */
const GAMEDAY = 'shared/gameday/RESULTS.md'

const FENCE = /^```(\S*)[ \t]*(.*)\n([\s\S]*?)^```$/gm
const PLACEHOLDER = /\{\{([^{}]+)\}\}/g
const PICTURE = /!\[([^\]]*)\]\(([^)]+)\)/g

/** Reads the head and the body of a fence: ```` ```region solutions/01-timeouts/timeout.ts#withTimeout ````. */
export function readRegion(head: string, body: string): Region {
  const [file = '', symbol] = head.trim().split('#')
  const region: Region = { file, symbol, show: [], steps: [] }
  for (const line of body.split('\n').filter(Boolean)) {
    const [, key, words] = /^(show|step): (.+)$/.exec(line) ?? []
    if (!key) throw new Error(`has "${line}" in a region, which takes "show: …" and "step: …"`)
    region[key === 'show' ? 'show' : 'steps'].push(words!)
  }
  if (region.steps.length > MAX_STEPS)
    throw new Error(`steps through ${file} ${region.steps.length} times: ${MAX_STEPS} at most`)
  return region
}

/** The header of one of the `mistakes/`: what it does, and the test that finds it. */
export function mistakeIn(file: string, { read }: Source): { mistake: string; killedBy: string } {
  const { mistake, killedBy } = headerOf(file, read(file))
  if (!mistake || !killedBy) throw new Error(`is a riddle about ${file}, whose header has no answer`)
  return { mistake, killedBy }
}

/** The regions of a slide, in its order. */
export const regionsOf = ({ body }: Slide): Region[] =>
  [...body.matchAll(FENCE)]
    .filter(([, kind]) => kind === 'region')
    .map(([, , head, lines]) => readRegion(head!, lines!))

export function codeOf(region: Region, { read }: Source): Excerpt {
  if (!/^(exercises|solutions|shared)\//.test(region.file))
    throw new Error(`shows "${region.file}", which is neither in exercises/, solutions/ nor shared/`)
  let excerpt
  try {
    const text = read(region.file)
    if (!isDiff(region.file)) excerpt = excerptOf(region, text)
    else {
      const file = posix.join(posix.dirname(region.file), '..', headerOf(region.file, text).replaces)
      excerpt = excerptOf({ ...region, file }, applyDiff(read(file), text))
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new Error(`shows ${region.file}, which ${code === 'ENOENT' ? 'does not exist' : message}`, { cause: error })
  }
  return excerpt
}

/** A picture's file: `diagram:name.svg` is drawn by hand, `bench:name.svg` by a measurement, `lab:scenario` is a still. */
export function pictureOf(address: string, { root }: Source): string {
  const [, kind, name = ''] = /^(?:(diagram|bench)(?=:[\w-]+\.svg$)|lab):(.*)$/.exec(address) ?? []
  if (!name)
    throw new Error(`shows ${address}: a picture is diagram:name.svg, bench:name.svg, drawing:name or lab:scenario`)
  const file = kind ? `${kind === 'bench' ? RESULTS : 'slides/diagrams'}/${name}` : stillOf(name)
  if (!existsSync(join(root, file))) throw new Error(`shows ${file}, which does not exist`)
  return file
}

/** `drawing:asleep`, one of the characters' poses; undefined for other pictures. */
export function drawingOf(address: string): Drawing | undefined {
  const [, name] = /^drawing:(.*)$/.exec(address) ?? []
  if (name === undefined) return undefined
  if (!Object.hasOwn(drawings, name))
    throw new Error(`shows ${address}: the drawings are ${Object.keys(drawings).join(', ')}`)
  return drawings[name]
}

/** A figure from a measurement: `tail-at-scale.p999Ms` is among the figures of tail-at-scale.json. */
function figure(address: string, unit: string | undefined, { read }: Source): string {
  const [, name, key = ''] = /^([^.]+)\.(.+)$/.exec(address) ?? []
  const file = `${RESULTS}/${name ?? address}.json`
  let figures: Record<string, number>
  try {
    ;({ figures } = JSON.parse(read(file)))
  } catch (error) {
    throw new Error(`wants a figure of ${file}, which cannot be read`, { cause: error })
  }
  if (!Object.hasOwn(figures, key))
    throw new Error(`wants "${key}" of ${file}, which has ${Object.keys(figures).join(', ')}`)
  const value = unit === 'percent' ? 100 * figures[key]! : figures[key]!
  const digits = Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 }
  return `${value.toLocaleString('en-GB', digits)}${unit === 'percent' ? ' %' : ''}`
}

const SIDES = ['yours', 'reference']

/** A grade of the game day, as it stands there: `02.yours.failed` is in chapter 02's table, `yours` the naive code. */
function grade(address: string, { read }: Source): string {
  const [number = '', side = '', key = ''] = address.split('.')
  const title = Object.hasOwn(numbers, key) ? numbers[key as NumberName].title : ''
  const section = new RegExp(`^## ${number} [\\s\\S]*?(?=^## |$(?![\\s\\S]))`, 'm').exec(read(GAMEDAY))?.[0] ?? ''
  const row = section.split('\n').find((line) => line.startsWith(`| ${title} |`))
  const found = row?.split('|')[SIDES.indexOf(side) + 2]
  if (!title || !SIDES.includes(side) || !found) throw new Error(`wants "${address}" of ${GAMEDAY}, which has none`)
  return found.replace(/[✓✗]/, '').trim()
}

/** What `{{name}}` stands for on a slide. */
function valueOf(name: string, { chapter }: Slide, source: Source): string {
  const [, path, unit] = /^bench:([^|]+)(?:\|(percent))?$/.exec(name) ?? []
  if (path) return figure(path, unit, source)
  if (name.startsWith('gameday:')) return grade(name.replace('gameday:', ''), source)
  if (name === 'chapters') {
    const items = source.chapters.map(({ number, title }) => `<li><b>${number}</b> ${title}</li>`)
    return `<ul class="chapters">${items.join('')}</ul>`
  }
  if (!chapter)
    throw new Error(
      `has {{${name}}}, which only a slide of a chapter may: {{chapters}}, {{bench:…}} and {{gameday:…}} go anywhere`,
    )
  const core = chapter.steps.filter(({ spare }) => !spare)
  const values: Record<string, () => string> = {
    number: () => chapter.number,
    folder: () => folderOf(chapter),
    key: () => keyOf(chapter),
    minutes: () => String(minutesOf(chapter)),
    steps: () =>
      `<ol class="steps">${core.map(({ title, minutes }) => `<li>${title} <i>${minutes} min</i></li>`).join('')}</ol>`,
  }
  if (!Object.hasOwn(values, name))
    throw new Error(`has {{${name}}}: there are ${Object.keys(values).join(', ')}, chapters, bench:… and gameday:…`)
  return values[name]!()
}

export const fillIn = (text: string, slide: Slide, source: Source): string =>
  text.replace(PLACEHOLDER, (_, name: string) => valueOf(name, slide, source))

/** Whatever a slide imports is there. */
export function checkContent(slide: Slide, source: Source, findings: Findings): void {
  const attempt = (work: () => void) => {
    try {
      work()
      findings.check(true, slide.file, '')
    } catch (error) {
      findings.check(false, slide.file, `slide ${slide.id} ("${slide.title}") ${(error as Error).message}`)
    }
  }
  for (const [, kind, head = '', body = ''] of slide.body.matchAll(FENCE))
    attempt(() => {
      if (kind === 'region') {
        const region = readRegion(head, body)
        codeOf(region, source)
        if (slide.classes.includes('riddle')) mistakeIn(region.file, source)
      } else if (kind !== 'console' && kind !== 'text')
        throw new Error(
          `has pasted code, "\`\`\`${kind}": code is a \`\`\`region of a tested file, the rest is console or text`,
        )
    })
  for (const [picture, alt, address = ''] of slide.body.matchAll(PICTURE))
    attempt(() => {
      // Which says by itself what it shows.
      if (drawingOf(address)) return
      pictureOf(address, source)
      if (!alt) throw new Error(`shows ${address} without saying what it is: ![what it shows](${address})`)
      if (address.startsWith('lab:') && slide.body !== picture)
        throw new Error('shows the Lab, which fills its slide: leave the rest to another one')
    })
  for (const text of [slide.title, slide.body, slide.notes])
    for (const [match] of text.matchAll(PLACEHOLDER)) attempt(() => fillIn(match, slide, source))
}
