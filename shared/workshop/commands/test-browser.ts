import { findBrowser } from '../../stage/find-browser.ts'
import { ensureSlides, ensureTools } from '../gate/tools.ts'
import { Trouble } from '../../core/trouble.ts'
import { vitest } from '../vitest.ts'

/** The slides, and the Lab's page over a Lab that really runs, in a real browser; on a copy of the tree, which may be saved into. */
export async function run(args: string[]): Promise<void> {
  const browser = findBrowser()
  if (!browser)
    throw new Trouble('No browser is found: install Chromium, Chrome or Edge, or tell where one is by CHROME_PATH.')
  ensureTools()
  ensureSlides()
  process.env.CHROME_PATH = browser
  await vitest(['--project=browser', ...args])
}
