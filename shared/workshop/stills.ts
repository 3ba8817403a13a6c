import { setTimeout as sleep } from 'node:timers/promises'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SPAN_S } from '../lab/page/history.ts'
import { incidents } from '../stage/incidents/incidents.ts'
import { startLab } from '../lab/browser/stage.ts'
import { Trouble } from '../core/trouble.ts'
import { launchBrowser } from '../stage/browser.ts'
import { stillOf } from '../../slides/build/lab.ts'

/** By then the figures of the last ten seconds are the scenario's, and the charts show how it came about. */
const TELLS_MS = 24_000
/** With that, the charts go back to when all was well, and not to the scenario before. */
const HEALTHY_MS = SPAN_S * 1000 - TELLS_MS
/** They leave traces: calls that hang until a restart, which comes between them, and the figures of restarts. */
const LAST = ['hang', 'deploy']
/** All of the exercises' suites run first, and a machine that is busy with them has no figures to show. */
const SUITES_MS = 300_000
/** And one that stays busy shows itself, and not the code. */
const CALM_MS = 60_000

/** Plays each scenario in a Lab of its own, on a copy of the tree, and takes its picture: some ten minutes. */
export async function takeStills(root: string, tell: (line: string) => void): Promise<void> {
  const browser = await launchBrowser()
  const lab = await startLab()
  const order = async (control: { healthy: true } | { restart: true } | { scenario: string }) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(control) }
    const { ok, statusText } = await fetch(new URL('/control', lab.url), init)
    if (!ok) throw new Error(`The Lab refused ${init.body}: ${statusText}`)
  }
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
    const session = await page.context().newCDPSession(page)
    await page.goto(lab.url)
    await page.locator('.step').first().waitFor()
    await page.locator('.step.unknown').first().waitFor({ state: 'hidden', timeout: SUITES_MS })
    for (const { id } of incidents.toSorted((a, b) => LAST.indexOf(a.id) - LAST.indexOf(b.id))) {
      await order({ healthy: true })
      if (id === LAST.at(-1)) await order({ restart: true })
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
      // Half of what a PNG takes, and as sharp; Playwright itself has no WebP.
      const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 85 })
      writeFileSync(path, data, 'base64')
      tell(`Wrote ${stillOf(id)}.`)
    }
  } finally {
    await browser.close()
    await lab.close()
  }
}
