import { expect, vi } from 'vitest'
import type { Page } from '../../maintainers/node_modules/playwright-core/index.js'
import type { Side } from '../../stage/column.ts'

export const SIDES: Side[] = ['yours', 'reference']

/** A ceiling for a busy machine, not an expectation. */
export const LIMIT_MS = 120_000

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
    incident: (name: string) => page.getByRole('button', { name }).click(),
    figure,

    /** Resolves once both sides' figure is as wanted. */
    async figures(name: RegExp, wanted: (yours: number, reference: number) => boolean): Promise<void> {
      let latest: [number, number] = [NaN, NaN]
      const areAsWanted = async () => {
        latest = [await figure('yours', name), await figure('reference', name)]
        return wanted(...latest)
      }
      await vi
        .waitUntil(areAsWanted, { timeout: LIMIT_MS, interval: 100 })
        .catch(() => expect.fail(`${name} stays at ${latest.join(' and ')}`))
    },

    /** What takes time is judged once the Lab itself no longer says that the figures are about the machine. */
    async calm(): Promise<void> {
      await page
        .getByText('This machine is saturated')
        .waitFor({ state: 'hidden' })
        .catch(() => expect.fail(`The Lab has been too slow for ${LIMIT_MS / 1000} s: end something else that runs.`))
    },
  }
}
