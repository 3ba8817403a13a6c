import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Chapter } from '../../shared/manifest/chapters.ts'
import { withFiles } from '../../shared/testing/tree.ts'
import { Findings } from '../../shared/manifest/findings.ts'
import { incidents } from '../../shared/stage/incidents/incidents.ts'
import { recordSkeleton } from '../../shared/manifest/skeletons.ts'
import { fillIn } from './content.ts'
import { ours, playing, readDeck, type Slide, type Source } from './deck.ts'
import { checkPerformance } from './performance.ts'
import { besides, editionOf, editionsOf } from './plan.ts'
import { minutesOf, playlist, printRunSheet, slotsOn } from './run-sheet.ts'
import { asTheyAre, withSkeletons } from './sources.ts'

const doubling: Chapter = {
  number: '01',
  slug: 'doubling',
  title: 'Doubling',
  day: 1,
  fails: 'everything stays small',
  files: ['double.ts'],
  steps: [
    { title: 'Twice', minutes: 7 },
    { title: 'Nothing', minutes: 5, spare: true },
  ],
}

const file = 'slides/chapters/01-doubling.md'
const cover = 'Everything stays small.\n\nNote: 1 min\nSay it.\n'
const turn = '## Your turn: {{minutes}} minutes\n\n{{steps}}\n\nNote: 1 min\nWalk about.\n'
const region = (head: string, body = '') => `## Code\n\n\`\`\`region ${head}\n${body}\`\`\`\n\nNote: 1 min\nShow it.\n`
const slide = (body: string) => `## A slide\n\n${body}\n\nNote: 1 min, cut if late\nSay it.\n`

const besideChapters = Object.fromEntries(besides.map((name) => [`slides/${name}.md`, slide(`The ${name}.`)]))

/** A deck of a chapter that has these slides, and what is wrong with it. */
function deckOf(...slides: string[]): Promise<{ slides: Slide[]; failed: string[]; played: string[]; source: Source }> {
  const files = {
    ...besideChapters,
    [file]: [cover, ...slides].join('\n---\n'),
    'solutions/01-doubling/double.ts': 'export const double = (n: number) => 2 * n\n',
    'solutions/01-doubling/long.ts': 'export {}\n'.repeat(9),
    'slides/diagrams/two.svg': '<svg/>',
    'slides/stills/hang.webp': '',
    'shared/gameday/RESULTS.md': '## 01 Small\n\n| p99 | ✗ 10.5 s | ✓ 532 ms |\n',
    'shared/bench/results/tail.json': JSON.stringify({ figures: { 'p99.9Ms': 1617.6, extra: 0.02, cut: 1.5 } }),
  }
  return withFiles(files, async (root) => {
    const source = { root, chapters: [doubling], read: asTheyAre(root) }
    const findings = new Findings()
    const deck = readDeck(source, findings)
    const performance = new Findings()
    if (findings.failed.length === 0) checkPerformance(deck, source, performance)
    const [failed, played] = [findings, performance].map((it) => it.failed.map(({ file, fix }) => `${file} ${fix}`))
    return { slides: deck, failed: failed!, played: played!, source }
  })
}

test('our deck has all that it shows', () => {
  const findings = new Findings()
  // Not the attendee's code, of which nobody knows what it has become; the gate looks at what is in the tree.
  const source = { ...ours, read: withSkeletons(ours.root, ours.chapters) }
  expect(readDeck(source, findings).length).toBeGreaterThan(20)
  expect(findings.failed).toEqual([])
})

test('our deck is a performance: few words, large code, time for the room', () => {
  const findings = new Findings()
  const source = { ...ours, read: withSkeletons(ours.root, ours.chapters) }
  checkPerformance(readDeck(source, new Findings()), source, findings)
  expect(findings.failed.map((it) => `${it.file} ${it.fix}`)).toEqual([])
})

describe('what is no performance says so, with its slide and its file', () => {
  test.for([
    [[slide('Once more. '.repeat(20))], 'slide 01-3 ("A slide") has 42 words: 40 at most, so say them instead'],
    [
      [slide('Short.').replace('1 min', '0.5 min')],
      'slide 01-3 ("A slide") has 0.5 min: no slide has less than 0.75, and with Ask: or Demo: 1.5',
    ],
    [
      [slide('Short.').replace('Say', '**Ask:** who?\nSay')],
      'slide 01-3 ("A slide") has 1 min: no slide has less than 0.75, and with Ask: or Demo: 1.5',
    ],
    [
      [region('solutions/01-doubling/long.ts')],
      'slide 01-3 ("Code") shows 9 lines of code: 8 at most, so name parts ("show: …")',
    ],
    [
      Array<string>(16).fill(slide('Short.').replace('1 min', '0.75 min')),
      'has 18 slides: 17 at most, so cut to what is said',
    ],
    [[slide('Long.').replace('1 min', '11 min')], 'has 11 min of review: 10.5 at most, as the room talks, too'],
    [[slide('Short.')], 'does not begin with its incident: {.strip}, after the cover'],
    [[slide('Short.')], 'has 0 riddles in its review: two of the room’s own mistakes, {.riddle}'],
    [[slide('Short.')], 'has 0 slides with the Lab in its review: one, to play the incident once more'],
  ] as [string[], string][])('%j', async ([some, finding]) => {
    const { failed, played } = await deckOf(turn, ...some)
    expect(failed).toEqual([])
    expect(played).toContain(`${file} ${finding}`)
  })
})

test('a deck is the opening, the chapters, the closing; with numbers to find them by', async () => {
  const { slides: all, failed, source } = await deckOf(turn, slide('![It](lab:hang)'))
  expect(failed).toEqual([])
  const slides = playlist(source, all).filter(({ file }) => !file.includes('finale'))
  expect(slides.map(({ id, title }) => [id, title])).toEqual([
    ['opening-1', 'A slide'],
    ['01-1', 'Doubling'],
    ['01-2', 'Your turn: {{minutes}} minutes'],
    ['01-3', 'A slide'],
    ['closing-1', 'A slide'],
  ])
  expect(slides.map(({ minutes, workMinutes, mayBeCut }) => [minutes, workMinutes, mayBeCut])).toEqual([
    [1, 0, true],
    [1, 0, false],
    [1, 7, false],
    [1, 0, true],
    [1, 0, true],
  ])
})

describe('a deck with something missing says so, with its slide and its file', () => {
  const ours = 'solutions/01-doubling/double.ts'
  const results = 'shared/bench/results'
  test.for([
    [
      region('solutions/01-doubling/treble.ts'),
      'slide 01-3 ("Code") shows solutions/01-doubling/treble.ts, which does not exist',
    ],
    [region(`${ours}#treble`), `slide 01-3 ("Code") shows ${ours}, which has no "treble"`],
    [
      region(ours, 'step: n * 3\n'),
      `slide 01-3 ("Code") shows ${ours}, which has no line "n * 3" in what the slide shows of it`,
    ],
    [
      region(ours, 'lines: 1-3\n'),
      'slide 01-3 ("Code") has "lines: 1-3" in a region, which takes "show: …" and "step: …"',
    ],
    [region(ours, 'step: n\n'.repeat(7)), `slide 01-3 ("Code") steps through ${ours} 7 times: 6 at most`],
    [
      region('package.json'),
      'slide 01-3 ("Code") shows "package.json", which is neither in exercises/, solutions/ nor shared/',
    ],
    [
      slide('```ts\nconst a = 1\n```'),
      'slide 01-3 ("A slide") has pasted code, "```ts": code is a ```region of a tested file, the rest is console or text',
    ],
    [slide('![It](diagram:three.svg)'), 'slide 01-3 ("A slide") shows slides/diagrams/three.svg, which does not exist'],
    [slide('![It](bench:tail.svg)'), `slide 01-3 ("A slide") shows ${results}/tail.svg, which does not exist`],
    [
      slide('![It](x.png)'),
      'slide 01-3 ("A slide") shows x.png: a picture is diagram:name.svg, bench:name.svg, drawing:name or lab:scenario',
    ],
    [slide('![It](lab:dead)'), 'slide 01-3 ("A slide") shows slides/stills/dead.webp, which does not exist'],
    [
      slide('![It](lab:doom)'),
      `slide 01-3 ("A slide") shows lab:doom: the Lab's incidents are ${incidents.map(({ id }) => id).join(', ')}`,
    ],
    [
      slide('![It](lab:hang)\n\nAnd more.'),
      'slide 01-3 ("A slide") shows the Lab, which fills its slide: leave the rest to another one',
    ],
    [
      slide('![](diagram:two.svg)'),
      'slide 01-3 ("A slide") shows diagram:two.svg without saying what it is: ![what it shows](diagram:two.svg)',
    ],
    [
      slide('{{bench:jitter.p99}}'),
      `slide 01-3 ("A slide") wants a figure of ${results}/jitter.json, which cannot be read`,
    ],
    [
      slide('{{bench:tail.p50}}'),
      `slide 01-3 ("A slide") wants "p50" of ${results}/tail.json, which has p99.9Ms, extra, cut`,
    ],
    [
      slide('{{gameday:02.yours.p99Ms}}'),
      'slide 01-3 ("A slide") wants "02.yours.p99Ms" of shared/gameday/RESULTS.md, which has none',
    ],
    [
      slide('{{hours}}'),
      'slide 01-3 ("A slide") has {{hours}}: there are number, folder, key, minutes, steps, chapters, bench:… and gameday:…',
    ],
    [
      region(ours).replace('Code', 'Code {.riddle}'),
      `slide 01-3 ("Code") is a riddle about ${ours}, whose header has no answer`,
    ],
    ['## Silent\n', 'slide 3 ("Silent") has no notes: end it with "Note: 2 min" and, below, what to say'],
    [
      '## Timeless\n\nNote:\nSay it.\n',
      'slide 3 ("Timeless") has notes without minutes: "Note: 2 min", or "Note: 2 min, in the demo, cut if late"',
    ],
    ['## Mute\n\nNote: 1 min\n', 'slide 3 ("Mute") has notes that say nothing'],
    ['Nameless.\n\nNote: 1 min\nSay it.\n', 'slide 3 ("") has no heading: begin it with "## …"'],
    [turn, 'has 2 slides with {{steps}}: "your turn" is one slide'],
  ])('%j', async ([text, finding]) => {
    expect((await deckOf(turn, text!)).failed).toEqual([`${file} ${finding}`])
  })
})

test('a chapter of the manifest without slides says which file is missing', async () => {
  const { source } = await deckOf(turn)
  const findings = new Findings()
  const trebling = { ...doubling, number: '02', slug: 'trebling' }
  await withFiles(besideChapters, async (root) => {
    readDeck({ ...source, root, chapters: [trebling], read: asTheyAre(root) }, findings)
  })
  expect(findings.failed).toEqual([
    expect.objectContaining({ file: 'slides/chapters/02-trebling.md', fix: expect.stringMatching(/^does not exist/) }),
  ])
})

test('figures are rounded for the eye', async () => {
  const { slides, source } = await deckOf(turn)
  const read = () => JSON.stringify({ figures: { 'p99.9Ms': 1617.6, extra: 0.0204, cut: 1.5 } })
  const show = (text: string) => fillIn(text, slides[0]!, { ...source, read })
  expect(show('{{bench:tail.p99.9Ms}} ms, {{bench:tail.extra|percent}} more, {{bench:tail.cut}}×')).toBe(
    '1,618 ms, 2.04 % more, 1.5×',
  )
})

test('grades are those of the game day, with their unit', async () => {
  const { slides, source } = await deckOf(turn)
  const read = () =>
    '## 01 Small\n\n| p99 | ✗ 10.5 s | ✓ 532 ms | ≤ 1.1 s |\n\n## 02 Big\n\n| p99 | ✗ 7 s | ✓ 1 s | ≤ 2 s |\n'
  const show = (text: string) => fillIn(text, slides[0]!, { ...source, read })
  expect(show('{{gameday:01.yours.p99Ms}} → {{gameday:02.reference.p99Ms}}')).toBe('10.5 s → 1 s')
})

test('the slides show the skeletons, whatever the presenter has made of them; all else is as it is', async () => {
  const skeleton = 'exercises/01-doubling/double.ts'
  const files = {
    [skeleton]: 'naive',
    'exercises/01-doubling/demo.ts': 'demo',
    'solutions/01-doubling/skeleton.json': '{}',
  }
  await withFiles(files, async (root) => {
    recordSkeleton(root, doubling)
    for (const file of Object.keys(files)) if (!file.endsWith('.json')) writeFileSync(join(root, file), 'edited')
    const read = withSkeletons(root, [doubling])
    expect(read(skeleton)).toBe('naive')
    expect(read('exercises/01-doubling/demo.ts')).toBe('edited')
    expect(asTheyAre(root)(skeleton)).toBe('edited')
  })
})

describe('a run sheet', () => {
  const slides = readDeck(ours, new Findings())

  test.each(Object.entries(editionsOf()))('of the edition %s has its slides, and they fit', (_name, edition) => {
    const slots = slotsOn(edition, slides)
    for (const { what, minutes, slides: shown } of slots)
      expect(minutesOf(shown), `the slides of "${what}" take longer than it has`).toBeLessThanOrEqual(minutes)
    const byHand = edition.rows.flatMap(({ lesson }) => lesson?.chapter ?? [])
    const byMouth = edition.rows.flatMap(({ demos = [] }) => demos)
    const wanted = slides.filter(
      ({ chapter, inDemo }) => chapter && (byHand.includes(chapter) || (byMouth.includes(chapter) && inDemo)),
    )
    const shown = slots.flatMap((slot) => slot.slides).filter(({ chapter }) => chapter)
    expect(new Set(shown)).toEqual(new Set(wanted))
    for (const demo of byMouth)
      expect(
        wanted.filter(({ chapter }) => chapter === demo).length,
        `${demo.number} has no slides "in the demo"`,
      ).toBeGreaterThan(2)
  })

  test.each(Object.entries(editionsOf()))('of the edition %s gives its deck the pace', (_name, edition) => {
    const played = playlist(playing(edition, ours), slides)
    expect(new Set(played.map(({ id }) => id)).size, 'each slide has an address of its own').toBe(played.length)
    const planned = played.reduce(
      (sum, { minutes, workMinutes, spareMinutes }) => sum + minutes + workMinutes + spareMinutes,
      0,
    )
    expect(planned).toBe(edition.rows.at(-1)!.at - edition.rows[0]!.at)
  })

  test('tells when, for how long, and what to cut', () => {
    const lines = printRunSheet('half').split('\n')
    expect(lines[0]).toMatch(/^09:00  Parcel, the two commands.*, 15 min$/)
    expect(lines[1]).toBe('09:00   1.5   opening-1  Fail Well')
    expect(lines).toContainEqual(expect.stringMatching(/^09:25  01: the room works, \d+ min$/))
    expect(lines.filter((line) => /^\d\d:\d\d +[\d.]+ ✂ 01-\d+ /.test(line))).not.toEqual([])
    expect(lines.at(-1)).toBe('✂ Cut here if late; which steps to cut is in slides/INSTRUCTOR.md.')
  })

  test('of an edition that nobody has planned is an error, and so is a day without chapters', () => {
    expect(() => printRunSheet('double')).toThrow('There is no edition "double". There are: 1')
    const dayOne = ours.chapters.filter(({ day }) => day === 1)
    expect(() => editionOf('3', dayOne)).toThrow('Day 3 has no chapters yet. There are: 1, half.')
  })
})
