import { setTimeout as sleep } from 'node:timers/promises'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { scenarios } from '../../shared/lab/scenarios.ts'
import { startLab } from '../../shared/lab/browser/stage.ts'
import { Trouble } from '../../shared/workshop/trouble.ts'
import { launchBrowser } from './browser.ts'
import { stillOf } from './lab.ts'

/** By then the figures of the last ten seconds are the scenario's, and the charts show how it came about. */
const TELLS_MS = 24_000
/** By then those of the scenario before are gone. */
const HEALTHY_MS = 15_000
/** All of the exercises' suites run first, and a machine that is busy with them has no figures to show. */
const SUITES_MS = 300_000
/** And one that stays busy shows itself, and not the code. */
const CALM_MS = 60_000

/** On a screen of 1920 by 1080, a pixel of the still is a pixel of the screen: theme.css shows it at 23/24. */
const SCALE = (1.5 * 23) / 24

/** Plays each scenario in a Lab of its own, on a copy of the tree, and takes its picture: some five minutes. */
export async function takeStills(root: string, tell: (line: string) => void): Promise<void> {
  const browser = await launchBrowser()
  const lab = await startLab()
  const order = async (control: { healthy: true } | { scenario: string }) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(control) }
    const { ok, statusText } = await fetch(new URL('/control', lab.url), init)
    if (!ok) throw new Error(`The Lab refused ${init.body}: ${statusText}`)
  }
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 }, deviceScaleFactor: SCALE })
    await page.goto(lab.url)
    await page.locator('.step').first().waitFor()
    await page.locator('.step.unknown').first().waitFor({ state: 'hidden', timeout: SUITES_MS })
    // A restart last: what it cost is on the page from then on.
    for (const { id } of scenarios.toSorted((a, b) => Number(a.restart ?? 0) - Number(b.restart ?? 0))) {
      await order({ healthy: true })
      await sleep(HEALTHY_MS)
      await order({ scenario: id })
      await sleep(TELLS_MS)
      await page
        .getByText('This machine is saturated')
        .waitFor({ state: 'hidden', timeout: CALM_MS })
        .catch(() => {
          throw new Trouble('The machine is saturated: end whatever else runs, and take the stills again.')
        })
      const path = join(root, stillOf(id))
      mkdirSync(join(path, '..'), { recursive: true })
      await page.screenshot({ path })
      tell(`Wrote ${stillOf(id)}.`)
    }
  } finally {
    await browser.close()
    await lab.close()
  }
}
