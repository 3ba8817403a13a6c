import { chapters } from '../manifest/chapters.ts'
import { Findings } from '../manifest/findings.ts'
import { BOARD_PORT, LAB_PORT, ROOM_PORT, SLIDES_PORT, isFree } from '../manifest/port.ts'
import { checkSkeleton } from '../manifest/skeletons.ts'
import { root } from '../manifest/target.ts'
import { findBrowser } from '../stage/find-browser.ts'
import { ours } from '../../slides/build/deck.ts'
import { editionsOf } from '../../slides/build/plan.ts'
import { withSkeletons } from '../../slides/build/sources.ts'
import { bad, type Examination, type Examined, fine, note } from './examination.ts'
import { ensureSlides, ensureTools } from './gate/tools.ts'

/** What the demos need, and what is left of a laptop's screen when the letters are as large as the room needs them. */
const COLUMNS = 80
const FONTS = ['Inter Variable', 'Inconsolata Variable']

/** What whoever presents needs beyond an attendee; what can be fetched is fetched, as there may be no network on stage. */
export const stageFright: Examination[] = [player, printer, deck, ports, display, terminal, skeletons]

const fetched = (work: () => void, what: string, otherwise: Examined): Examined => {
  try {
    work()
    return fine(what)
  } catch {
    return otherwise
  }
}

function player(): Examined {
  return fetched(
    ensureSlides,
    'The slides have their player, highlighter and fonts: no network is needed on stage',
    bad(
      'The slides’ packages could not be fetched',
      'Mend what npm says, while there is a network, and run this again.',
    ),
  )
}

function printer(): Examined {
  return fetched(
    ensureTools,
    'The deck can be printed',
    note(
      'What prints the deck could not be fetched',
      'Only "npm run slides:pdf" needs it: a PDF on a stick is a good understudy.',
    ),
  )
}

/** By building it, and by looking at it where there is a browser. */
async function deck(): Promise<Examined> {
  const startedAt = performance.now()
  let show
  try {
    const { presentSlides } = await import('../../slides/build/present.ts')
    show = await presentSlides({ ...ours, read: withSkeletons(root, chapters) }, 0)
  } catch (error) {
    return bad(
      `The deck cannot be built: ${(error as Error).message.split('\n')[0]}`,
      'Mend what it names, or take a fresh clone.',
    )
  }
  try {
    const seconds = Math.ceil((performance.now() - startedAt) / 1_000)
    const built = `The deck is built in ${seconds} s; editions: ${Object.keys(editionsOf()).toSorted().join(', ')}`
    if (!findBrowser())
      return note(
        `${built}, and nobody has looked at it`,
        'Open it by "npm run slides" in the browser that you present with.',
      )
    const { launchBrowser } = await import('../stage/browser.ts')
    const browser = await launchBrowser()
    try {
      const page = await browser.newPage()
      await page.goto(show.address)
      await page.waitForFunction('window.deck?.isReady()')
      await page.evaluate('document.fonts.ready')
      const missing: string[] = []
      for (const font of FONTS)
        if (
          !(await page.evaluate(
            `[...document.fonts].some(({ family, status }) => family.includes('${font}') && status === 'loaded')`,
          ))
        )
          missing.push(font)
      return missing.length === 0
        ? fine(`${built}; a browser shows it in its own fonts`)
        : bad(
            `The deck’s fonts do not load: ${missing.join(', ')}`,
            'Delete shared/maintainers/slides/node_modules, and run this again.',
          )
    } finally {
      await browser.close()
    }
  } catch (error) {
    return note(
      `No browser could look at the deck: ${(error as Error).message.split('\n')[0]}`,
      'Open it by "npm run slides" in yours.',
    )
  } finally {
    await show.close()
  }
}

/** The deck, the Lab and the room's board look for each other there. */
async function ports(): Promise<Examined> {
  const taken: number[] = []
  for (const port of [LAB_PORT, SLIDES_PORT, ROOM_PORT, BOARD_PORT]) if (!(await isFree(port))) taken.push(port)
  if (taken.length === 0)
    return fine(
      `Ports ${LAB_PORT} (the Lab), ${SLIDES_PORT} (the slides), ${ROOM_PORT} and ${BOARD_PORT} (the room) are free`,
    )
  return note(
    `Port ${taken.join(' and port ')} is taken`,
    'If not by the Lab, the slides or the room themselves: end who has it, or they do not find each other.',
  )
}

function display(): Examined {
  const { platform, env } = process
  const hasOne = platform !== 'linux' || env.DISPLAY || env.WAYLAND_DISPLAY
  return hasOne
    ? fine('A display; the notes (S) want a second one, which mirrors nothing')
    : note('No display: this is no desktop session', 'Run it on the machine that the projector is plugged into.')
}

function terminal(): Examined {
  const { columns } = process.stdout
  if (columns === undefined)
    return note('This is no terminal', `Run it in the one that the room will see: ${COLUMNS} columns at 20 points.`)
  return columns >= COLUMNS
    ? fine(`The terminal has ${columns} columns`)
    : note(`The terminal has ${columns} columns`, `The demos need ${COLUMNS}: a smaller letter, or the whole screen.`)
}

function skeletons(): Examined {
  const findings = new Findings()
  const changed = chapters.filter((chapter) => {
    const before = findings.failed.length
    checkSkeleton(root, chapter, findings)
    return findings.failed.length > before
  })
  if (changed.length === 0) return fine('The exercises are as the room will find them')
  const numbers = changed.map(({ number }) => number)
  return note(
    `You have worked in ${numbers.join(', ')}: their demos and the Lab’s left side will not fail as they should`,
    `Start them over by "npm run reset ${numbers[0]}", and so on; your work is kept.`,
  )
}
