import { launchBrowser } from '../../shared/stage/browser.ts'
import type { Source } from './deck.ts'
import { presentSlides } from './present.ts'

/** Prints the deck, a page for each step. */
export async function printSlides(source: Source, output: string): Promise<void> {
  const show = await presentSlides(source, 0)
  try {
    const browser = await launchBrowser()
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
    await page.goto(`${show.address}?view=print`)
    // Every slide and step is a page of its own by then.
    await page.locator('html[data-printable]').waitFor({ state: 'attached' })
    await page.pdf({ path: output, preferCSSPageSize: true, printBackground: true })
    await browser.close()
  } finally {
    await show.close()
  }
}
