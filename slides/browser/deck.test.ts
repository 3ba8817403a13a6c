import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Browser, Page } from '../../shared/maintainers/node_modules/playwright-core/index.js'
import { launchBrowser } from '../build/browser.ts'
import { codeOf, regionsOf } from '../build/content.ts'
import { ours } from '../build/deck.ts'
import { printSlides } from '../build/pdf.ts'
import { presentSlides, type Show } from '../build/present.ts'
import { soundDeck } from '../build/vite.ts'
import { lookAt, stepsOf } from './look.ts'

// Ceilings for a busy machine, not expectations.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 })

const slides = soundDeck(ours)
const first = slides[0]!
const requests: string[] = []
const errors: string[] = []
let show: Show
let browser: Browser

beforeAll(async () => {
  show = await presentSlides(ours, 0)
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser?.close()
  await show?.close()
})

function listenTo(page: Page): void {
  page.on('request', (request) => requests.push(request.url()))
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && errors.push(message.text()))
}

async function open(width: number, height: number): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height }, reducedMotion: 'reduce' })
  listenTo(page)
  await page.goto(show.address)
  await page.waitForFunction('window.deck?.isReady()')
  await page.evaluate(() => document.fonts.ready)
  return page
}

describe.each([
  [1280, 720],
  [1920, 1080],
])('at %i by %i', (width, height) => {
  let page: Page
  beforeAll(async () => {
    page = await open(width, height)
  })

  test.each(slides.map((slide) => [slide.id, slide] as const))('slide %s can be seen and read', async (id, slide) => {
    const where = `slide ${id} ("${slide.title}") of ${slide.file}`
    const steps = await page.evaluate(stepsOf, id)
    for (let step = -1; step < steps; step++) {
      const { overflows, small, dim } = await page.evaluate(lookAt, { id, step })
      expect(overflows, `${where}, step ${step + 1}, leaves its page: say less, or show less`).toEqual([])
      expect(small, `${where} has letters below 24 px, or code below 18 px`).toEqual([])
      expect(dim, `${where}, step ${step + 1}, points at nothing`).toBe(false)
    }
    const code = await page.locator(`[id="${id}"] .region pre`).allTextContents()
    expect(code, `${where} shows other code than its files have`).toEqual(
      regionsOf(slide).map((region) =>
        codeOf(region, ours)
          .lines.map((line) => `${line}\n`)
          .join(''),
      ),
    )
    expect(await page.locator(`[id="${id}"] aside.notes`).textContent(), `${where} has no notes`).toMatch(/\S/)
  })
})

/** For one test only. */
async function openOnce(): Promise<Page> {
  const page = await open(1280, 720)
  onTestFinished(() => page.close())
  return page
}

test('one key goes through all of it, in order', async () => {
  const page = await openOnce()
  const seen = new Set<string>()
  const current = () => page.evaluate(() => document.querySelector('section.present:not(.stack)')!.id)
  const last = slides.at(-1)!.id
  for (let presses = 0; presses < 1_000 && !seen.has(last); presses++) {
    seen.add(await current())
    await page.keyboard.press('Space')
  }
  expect([...seen]).toEqual(slides.map(({ id }) => id))
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
  const planned = await page.evaluate('deck.getSlides().reduce((sum, slide) => sum + Number(slide.dataset.timing), 0)')
  expect(planned, 'the pace that it shows is the notes’').toBe(60 * minutes)
})

test('the PDF has a page for each slide and each of its steps', async () => {
  const page = await openOnce()
  const file = join(tmpdir(), `slides-${process.pid}.pdf`)
  await printSlides(ours, file)
  const pdf = await readFile(file, 'latin1')
  await rm(file)
  const steps = await Promise.all(slides.map(({ id }) => page.evaluate(stepsOf, id)))
  expect(pdf.match(/\/Type \/Page\b/g)).toHaveLength(slides.length + steps.reduce((sum, count) => sum + count, 0))
})

test('nothing came from elsewhere, and nothing went wrong', () => {
  expect(requests.length, 'nothing was looked at').toBeGreaterThan(10)
  expect(requests.filter((url) => !/^(http:\/\/127\.0\.0\.1:|data:|blob:|about:)/.test(url))).toEqual([])
  expect(errors).toEqual([])
})
