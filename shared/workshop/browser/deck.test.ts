import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Browser, Page } from '../../maintainers/node_modules/playwright-core/index.js'
import { launchBrowser } from '../../stage/browser.ts'
import { codeOf, regionsOf } from '../../../slides/build/content.ts'
import { ours, playing, type Slide } from '../../../slides/build/deck.ts'
import { printSlides } from '../../../slides/build/pdf.ts'
import { editionOf, editionsOf } from '../../../slides/build/plan.ts'
import { presentSlides, type Show } from '../../../slides/build/present.ts'
import { playlist } from '../../../slides/build/run-sheet.ts'
import { soundDeck } from '../../../slides/build/vite.ts'
import { type Door, startDoor } from './lab.ts'
import { lookAt, stepsOf } from './look.ts'

// Ceilings for a busy machine, not expectations.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 })

const slides = playlist(ours, soundDeck(ours))
const first = slides[0]!
const labs = slides.filter(({ classes }) => classes.includes('lab')).map(({ id }) => id)
const requests: string[] = []
const errors: string[] = []
let door: Door
let show: Show
let browser: Browser

beforeAll(async () => {
  door = await startDoor()
  show = await presentSlides(ours, 0, { lab: door.port, board: door.port })
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser?.close()
  await show?.close()
  await door?.close()
})

function listenTo(page: Page): void {
  page.on('request', (request) => requests.push(request.url()))
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && errors.push(message.text()))
}

async function open(width: number, height: number, address = show.address): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height }, reducedMotion: 'reduce' })
  listenTo(page)
  await page.goto(address)
  await page.waitForFunction('window.deck?.isReady()')
  await page.evaluate(() => document.fonts.ready)
  // What is on its way has neither the colour nor the place that it will have.
  await page.addStyleTag({ content: '* { transition: none !important }' })
  return page
}

describe.each([
  [1280, 720],
  [1920, 1080],
])('at %i by %i', (width, height) => {
  let page: Page
  beforeAll(async () => {
    page = await open(width, height)
    // Without a connection, which would stay when its slide's test is over.
    await page.route(/(lab|room)\.json/, (route) => route.fulfill({ json: null }))
  })

  test.each(slides.map((slide) => [slide.id, slide] as const))('slide %s can be seen and read', async (_id, slide) => {
    expect(await flawsOf(page, slide)).toEqual([])
  })
})

/** What keeps a slide from being seen and read, at each of its steps. */
async function flawsOf(page: Page, slide: Slide): Promise<string[]> {
  const { id } = slide
  const flaws: string[] = []
  const steps = await page.evaluate(stepsOf, id)
  for (let step = -1; step < steps; step++) {
    const { overflows, small, pale, dim } = await page.evaluate(lookAt, { id, step })
    const at = `step ${step + 1}:`
    flaws.push(
      ...overflows.map((it) => `${at} leaves its page, so say less, or show less: ${it}`),
      ...small.map((it) => `${at} below 24 px, or code below 28 px: ${it}`),
      ...pale.map((it) => `${at} less contrast than 4.5:1: ${it}`),
      ...(dim ? [`${at} points at nothing`] : []),
    )
  }
  const shown = await page.locator(`[id="${id}"] .region pre`).allTextContents()
  for (const [index, region] of regionsOf(slide).entries())
    if (
      shown[index] !==
      codeOf(region, ours)
        .lines.map((line) => `${line}\n`)
        .join('')
    )
      flaws.push(`shows other code than ${region.file} has`)
  const notes = await page.locator(`[id="${id}"] aside.notes`).textContent()
  if (!notes?.trim()) flaws.push('has no notes')
  return flaws.map((flaw) => `slide ${id} ("${slide.title}") of ${slide.file}, ${flaw}`)
}

/** For one test only. */
async function openOnce(width = 1280, height = 720, address = show.address): Promise<Page> {
  const page = await open(width, height, address)
  onTestFinished(() => page.close())
  return page
}

/** What one sees who presses one key, and nothing else. */
async function walk(page: Page, last: string): Promise<string[]> {
  const seen = new Set<string>()
  const current = () => page.evaluate(() => document.querySelector('section.present:not(.stack)')!.id)
  for (let presses = 0; presses < 1_000 && !seen.has(last); presses++) {
    seen.add(await current())
    await page.keyboard.press('Space')
  }
  return [...seen]
}

const paceOf = (page: Page) =>
  page.evaluate('deck.getSlides().reduce((sum, slide) => sum + Number(slide.dataset.timing), 0)')

test('one key goes through all of it, in order', async () => {
  expect(await walk(await openOnce(), slides.at(-1)!.id)).toEqual(slides.map(({ id }) => id))
})

describe.each(Object.keys(editionsOf()))('the edition %s', (name) => {
  const edition = editionOf(name)
  const source = playing(edition, ours)
  const own = playlist(source, soundDeck(source))

  test('is a deck of its own: its slides in its order, its pace, its breaks', async () => {
    const played = await presentSlides(source, 0, { lab: door.port, board: door.port })
    onTestFinished(() => played.close())
    const page = await openOnce(1280, 720, played.address)
    expect(await walk(page, own.at(-1)!.id)).toEqual(own.map(({ id }) => id))
    const [first, end] = [edition.rows[0]!, edition.rows.at(-1)!]
    expect(await paceOf(page), 'the speaker’s pace is the run sheet’s').toBe(60 * (end.at - first.at))
    const known = new Set(slides.map(({ id }) => id))
    for (const slide of own.filter(({ id }) => !known.has(id))) expect(await flawsOf(page, slide)).toEqual([])
  })
})

test('the speaker sees the notes, what comes next, and the time', async () => {
  const page = await openOnce()
  const opened = page.waitForEvent('popup')
  await page.keyboard.press('s')
  const speaker = await opened
  listenTo(speaker)
  await speaker.getByText(first.notes.slice(0, 20)).waitFor()
  await speaker.locator('#upcoming-slide iframe').waitFor()
  const steps = page.locator('aside.notes p > strong:first-child', { hasText: /^Step 1:$/ })
  expect(await steps.count(), 'no step of the notes has a paragraph of its own').toBeGreaterThan(0)
  expect(await speaker.locator('.timer .minutes-value').first().textContent()).toMatch(/00/)
  await speaker.locator('.pacing').waitFor()
  const minutes = slides.reduce((sum, slide) => sum + slide.minutes + slide.workMinutes, 0)
  expect(await paceOf(page), 'the pace that it shows is the notes’').toBe(60 * minutes)
})

test('the PDF has a page for each slide and each of its steps', async () => {
  const page = await openOnce()
  const file = join(tmpdir(), `slides-${process.pid}.pdf`)
  await printSlides(ours, file)
  const pdf = await readFile(file, 'latin1')
  await rm(file)
  const steps = await Promise.all(slides.map(({ id }) => page.evaluate(stepsOf, id)))
  expect(pdf.match(/\/Type \/Page\b/g)).toHaveLength(slides.length + steps.reduce((sum, count) => sum + count, 0))
  expect(pdf.match(/\/Subtype \/Image\b/g)?.length, 'the stills').toBeGreaterThanOrEqual(labs.length)
})

describe('on the slides with the Lab', () => {
  const [lab] = labs as [string]
  const goTo = (page: Page, id: string) => page.evaluate(lookAt, { id, step: -1 })

  test('there is a still as long as somebody else has its port', async () => {
    const page = await openOnce()
    const asked = page.waitForResponse(/lab\.json/)
    await goTo(page, lab)
    expect(await (await asked).json()).toBeNull()
    expect(await page.locator('iframe').count()).toBe(0)
  })

  test('it takes the still’s place, hears clicks, and gives the keys back', async () => {
    await door.open(Number(new URL(show.address).port))
    const page = await openOnce(1920, 1080)
    await goTo(page, lab)
    const frame = page.locator('iframe')
    await frame.waitFor()
    expect(await frame.boundingBox()).toEqual(await page.locator(`[id="${lab}"] img`).boundingBox())
    await page.frameLocator('iframe').getByRole('button').click()
    await vi.waitUntil(() => door.commands.length > 0, 30_000)
    expect(door.commands).toEqual([{ healthy: true }])

    const current = () => page.evaluate(() => document.querySelector('section.present:not(.stack)')!.id)
    await page.keyboard.press('PageDown')
    expect(await current(), 'the keys are the Lab’s').toBe(lab)
    expect(await page.locator('iframe.has-keys').count(), 'the strip says so').toBe(1)
    await page.mouse.move(960, 1065)
    await page.keyboard.press('PageDown')
    expect(await current(), 'the keys are the deck’s again').not.toBe(lab)
    await frame.waitFor({ state: 'detached' })
    expect(door.commands, 'the Lab is steered by whoever clicks in it, and by nobody else').toHaveLength(1)
  })

  test('the still is what is printed, though the Lab runs', async () => {
    const page = await openOnce()
    await goTo(page, lab)
    await page.locator('iframe').waitFor()
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('iframe').isVisible()).toBe(false)

    await page.emulateMedia({ media: 'screen' })
    const before = requests.length
    await page.goto(`${show.address}?view=print`)
    await page.locator('html[data-printable]').waitFor({ state: 'attached' })
    expect(requests.slice(before).filter((url) => url.endsWith('lab.json'))).toEqual([])
    expect(await page.locator('iframe').count()).toBe(0)
    const widths = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLImageElement>('.live img')].map((it) => it.naturalWidth),
    )
    expect(widths, 'a still is missing, or is not the Lab as it is').toEqual(labs.map(() => 1280))
  })

  test('when the Lab ends, the still is there again', async () => {
    const page = await openOnce()
    await goTo(page, lab)
    await page.locator('iframe').waitFor()
    door.shut()
    await page.locator('iframe').waitFor({ state: 'detached' })
    expect(await page.locator(`[id="${lab}"] img`).isVisible()).toBe(true)
  })
})

test('nothing came from elsewhere, and nothing went wrong', () => {
  expect(requests.length, 'nothing was looked at').toBeGreaterThan(10)
  expect(requests.filter((url) => !/^(http:\/\/127\.0\.0\.1:|data:|blob:|about:)/.test(url))).toEqual([])
  expect(errors).toEqual([])
})
