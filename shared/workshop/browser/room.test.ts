import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import type { Browser } from '../../maintainers/node_modules/playwright-core/index.js'
import { stageClass } from '../../room/browser/staged.ts'
import { launchBrowser } from '../../stage/browser.ts'
import { ours } from '../../../slides/build/deck.ts'
import { presentSlides, type Show } from '../../../slides/build/present.ts'
import { playlist } from '../../../slides/build/run-sheet.ts'
import { soundDeck } from '../../../slides/build/vite.ts'

// Ceilings for a busy machine, not expectations.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const turns = playlist(ours, soundDeck(ours)).filter(({ classes }) => classes.includes('turn'))
let show: Show
let browser: Browser
let boardPort: number

beforeAll(async () => {
  boardPort = await freePort()
  show = await presentSlides(ours, 0, { lab: 1, board: boardPort })
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser?.close()
  await show?.close()
})

/** That the deck is told before anybody listens there. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await once(server.close(), 'close')
  return port
}

async function open(id: string) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
  onTestFinished(() => page.close())
  const asked = page.waitForResponse(/room\.json/)
  await page.goto(`${show.address}#/${id}`)
  await page.waitForFunction('window.deck?.isReady()')
  return { page, address: (await (await asked).json()) as string | null }
}

test('every chapter has its turn', () => {
  expect(turns.map(({ chapter }) => chapter)).toEqual(ours.chapters)
})

test('as long as no room runs, the steps are on the slide', async () => {
  const { page, address } = await open(turns[0]!.id)
  expect(address).toBeNull()
  await expect(page.locator('iframe').count()).resolves.toBe(0)
  await page.locator('.turn li', { hasText: turns[0]!.chapter!.steps[0]!.title }).waitFor()
})

test('when one runs, its board is there, on the slide’s own chapter, and the keys stay the deck’s', async () => {
  const [, , third] = turns
  const staged = await stageClass('01', 7, Number(new URL(show.address).port), boardPort)
  onTestFinished(staged.close)
  const { page, address } = await open(third!.id)
  expect(address).toBe(`${staged.page}/projector`)
  const frame = page.frameLocator('iframe')
  await frame.getByRole('heading', { name: third!.chapter!.title }).waitFor()
  await frame.getByText('7 here').waitFor()
  await page.mouse.click(640, 300)
  await page.keyboard.press('Space')
  await page.locator('iframe').waitFor({ state: 'detached' })
})

test('one that is started, ended and started again while the slide is shown is there, gone, and there again', async () => {
  const { page } = await open(turns[0]!.id)
  const frame = page.locator('iframe')
  const stage = () => stageClass('01', 5, Number(new URL(show.address).port), boardPort)
  const first = await stage()
  await page.frameLocator('iframe').getByText('5 here').waitFor()
  await first.close()
  await frame.waitFor({ state: 'detached' })
  await page.locator('.turn li', { hasText: turns[0]!.chapter!.steps[0]!.title }).waitFor()
  const again = await stage()
  onTestFinished(again.close)
  await page.frameLocator('iframe').getByText('5 here').waitFor()
  await expect(frame.count()).resolves.toBe(1)
})
