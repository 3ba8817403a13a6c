import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Browser, Page } from '../../maintainers/node_modules/playwright-core/index.js'
import { deadlineAfter } from '../../core/deadline.ts'
import { launchBrowser } from '../../stage/browser.ts'
import { membershipFor } from '../membership.ts'
import { tell } from '../tell.ts'
import { written } from '../view.ts'
import { stageClass, type Staged } from './staged.ts'

// A ceiling for a busy machine, not an expectation.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const LAPTOPS = 31
const requests: string[] = []
const errors: string[] = []
let staged: Staged
let browser: Browser
let page: Page

beforeAll(async () => {
  staged = await stageClass('03', LAPTOPS)
  browser = await launchBrowser()
})

beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
  page.setDefaultTimeout(60_000)
  page.on('request', (request) => requests.push(request.url()))
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && errors.push(message.text()))
  onTestFinished(() => page.close())
})

afterAll(async () => {
  await browser?.close()
  await staged?.close()
})

async function look(path: string): Promise<void> {
  await page.goto(staged.page + path)
  await page.locator('#live :is(h1, h2)').first().waitFor()
}

/** In pixels: how far one would have to scroll, and what is too small for the back row. */
const measure = (least: number) =>
  page.evaluate<{ overflow: number; small: string[]; cut: string[] }>(`({
    overflow: Math.max(document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight),
    small: [...document.querySelectorAll('main *')]
      .filter((it) => [...it.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()))
      .filter((it) => it.checkVisibility() && parseFloat(getComputedStyle(it).fontSize) < ${least})
      .map((it) => it.textContent),
    cut: [...document.querySelectorAll('main .title, main header > *, main footer > *, main .sum, main .saying')]
      .filter((it) => it.scrollWidth > it.clientWidth + 1 || it.getBoundingClientRect().bottom > innerHeight)
      .map((it) => it.textContent),
  })`)

const counts = async () => (await page.locator('.core .count').allInnerTexts()).map(Number)

// In this order: the class gets on.
describe.each([
  [5, '30:00'],
  [20, '15:00'],
  [33, '2:00'],
])('at minute %i', (minute, clock) => {
  beforeAll(() => staged.until(minute))

  test('the back row reads how far the room is, and nobody’s name', async () => {
    await look('/projector')
    await expect(page.locator('.clock').innerText()).resolves.toBe(clock)
    const { overflow, small, cut } = await measure(24)
    expect({ overflow: Math.max(0, overflow), small, cut }).toEqual({ overflow: 0, small: [], cut: [] })
    const core = staged.chapter.steps.filter(({ spare }) => !spare)
    const green = await counts()
    expect(green).toHaveLength(core.length)
    expect(green[0], 'fewer have the first step than the last').toBeGreaterThanOrEqual(green.at(-1)!)
    const text = await page.locator('main').innerText()
    expect(text).toContain(`${LAPTOPS} here`)
    expect(text).not.toMatch(/Wren|Heron|Kestrel/)
    expect(text.includes('The review begins at step'), 'said in the last two minutes, and not before').toBe(
      minute === 33,
    )
  })

  test('whoever stands in front sees where the review begins, and who is stuck on what', async () => {
    await look('/')
    await page.getByText(/The review begins at step \d, where most are: \d+ of \d+\./).waitFor()
    const { overflow, small } = await measure(14)
    expect(overflow, 'one would have to scroll to the side').toBeLessThanOrEqual(minute === 33 ? 2_000 : 0)
    expect(small).toEqual([])
    const rows = page.locator('tbody tr')
    if (minute === 5) await expect(rows.count(), 'ten minutes have not passed').resolves.toBe(0)
    else {
      const [first] = await rows.all()
      const [who, quiet, step, red] = await first!.locator('th, td').allInnerTexts()
      expect(who).toMatch(/^(\w+ \d+|\d{4})$/)
      expect(Number.parseInt(quiet!, 10)).toBeGreaterThanOrEqual(10)
      expect(step).toMatch(/^\d/)
      expect(red, 'the test, by its name').toMatch(/\w+ \w+/)
    }
  })
})

test('every chapter’s steps fit', async () => {
  for (const { number } of written) {
    await look(`/projector?chapter=${number}`)
    const { overflow, cut } = await measure(24)
    expect({ number, overflow: Math.max(0, overflow), cut }).toEqual({ number, overflow: 0, cut: [] })
  }
})

test('a name is text, whatever it says', async () => {
  const name = '<img src=x onerror=x()>'
  const since = new Date(0).toISOString()
  const standing = { chapter: '03', green: [], red: null, hints: 0, since }
  const shelf = { standings: () => [standing], told: () => ({ chapters: {} }), keep() {} }
  await tell(membershipFor(staged.join, name), shelf, { deadline: deadlineAfter(60_000) })
  await look('/')
  await page.getByText(name).waitFor()
  await expect(page.locator('main img').count()).resolves.toBe(0)
})

test('the exercise is begun, made longer and ended from the instructor’s view; what is refused says why', async () => {
  await look('/')
  await page.getByLabel('Chapter').selectOption('04')
  await expect(page.getByLabel('Minutes').inputValue(), 'the manifest’s').resolves.toBe('35')
  await page.getByRole('button', { name: 'Begin the exercise' }).click()
  await page.locator('h2', { hasText: 'Circuit breaker' }).waitFor()
  await page.getByRole('button', { name: '1 min more' }).click()
  await page.locator('.clock', { hasText: '36:00' }).waitFor()
  await page.getByRole('button', { name: 'End it' }).click()
  await page.locator('.clock').waitFor({ state: 'detached' })
  expect(errors, 'nothing has gone wrong').toEqual([])
  await page.getByRole('button', { name: '1 min more' }).click()
  await page.getByText('No exercise is on: begin one first').waitFor()
  errors.length = 0
})

test('everything comes from this machine', () => {
  expect(requests.length).toBeGreaterThan(5)
  expect(requests.filter((url) => new URL(url).origin !== staged.page)).toEqual([])
  expect(errors).toEqual([])
})

test('a board that is gone leaves its last picture, and says so; one that comes back is there again', async () => {
  const gone = await stageClass('01', 3)
  await page.goto(`${gone.page}/projector`)
  await page.getByText('3 here').waitFor()
  await gone.close()
  await page.getByText('The board does not answer: this is how it was.').waitFor()
  await expect(page.getByText('3 here').isVisible()).resolves.toBe(true)
  const back = await stageClass('01', 4, 4000, Number(new URL(gone.page).port))
  onTestFinished(back.close)
  await page.getByText('4 here').waitFor()
  await expect(page.getByText('The board does not answer').isVisible()).resolves.toBe(false)
})
