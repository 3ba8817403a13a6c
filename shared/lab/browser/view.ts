import { expect, vi } from 'vitest'
import type { Page } from '../../maintainers/node_modules/playwright-core/index.js'
import type { Day } from '../../manifest/chapters.ts'
import type { Side } from '../../stage/column.ts'

export const SIDES: Side[] = ['yours', 'reference']

/** A ceiling for a busy machine, not an expectation. */
export const LIMIT_MS = 120_000

async function waitFor(
  name: string,
  areAsWanted: (yours: number, reference: number) => boolean,
  read: () => Promise<[number, number]>,
): Promise<void> {
  let latest: [number, number] = [NaN, NaN]
  const look = async () => {
    latest = await read()
    return areAsWanted(...latest)
  }
  await vi
    .waitUntil(look, { timeout: LIMIT_MS, interval: 100 })
    .catch(() => expect.fail(`${name} stays at ${latest.join(' and ')}`))
}

/** The page, as somebody looks at it. */
export function viewOf(page: Page) {
  const column = (side: Side) => page.getByRole('region', { name: side === 'yours' ? 'Yours' : 'Reference' })

  async function figure(side: Side, name: RegExp): Promise<number> {
    const term = page.locator('dt', { hasText: name })
    return Number.parseFloat(await column(side).locator('.figure', { has: term }).locator('dd').innerText())
  }

  return {
    column,
    row: (side: Side, carrier: string) => column(side).locator(`[data-carrier=${carrier}]`),
    figure,

    /** Shows the chapters of that day. */
    async turnTo(day: Day): Promise<void> {
      const shown = page.getByRole('button', { name: /^Day \d$/ })
      while ((await shown.innerText()) !== `Day ${day}`) await page.keyboard.press('n')
    },

    /** Resolves once the incident is on, and its two numbers are as wanted. */
    async plays(key: string, title: string, wanted: (yours: number, reference: number) => boolean): Promise<void> {
      await page.keyboard.press(key)
      const spotlight = page.locator('.spotlight[data-on=true]', { hasText: title })
      await spotlight.waitFor()
      await waitFor(title, wanted, async () => {
        const texts = await spotlight.locator('output').allInnerTexts()
        return texts.map((text) => Number.parseFloat(text.replaceAll('\u2009', ''))) as [number, number]
      })
    },

    /** Resolves once both sides' figure is as wanted. */
    figures: (name: RegExp, wanted: (yours: number, reference: number) => boolean) =>
      waitFor(String(name), wanted, async () => [await figure('yours', name), await figure('reference', name)]),

    /** What takes time is judged once the Lab itself no longer says that the figures are about the machine. */
    async calm(): Promise<void> {
      await page
        .getByText('This machine is saturated')
        .waitFor({ state: 'hidden' })
        .catch(() => expect.fail(`The Lab has been too slow for ${LIMIT_MS / 1000} s: end something else that runs.`))
    },
  }
}
