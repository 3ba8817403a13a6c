import { findBrowser } from './find-browser.ts'
import playwright, { type Browser } from '../maintainers/node_modules/playwright-core/index.js'
import { Trouble } from '../core/trouble.ts'

/** Name resolution leads nowhere but to this machine: what a deck fetches from elsewhere is missing on a bad wifi. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
]

/** @throws Trouble when this machine has no browser of Chromium's family */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = findBrowser()
  if (!executablePath)
    throw new Trouble('No browser is found: install Chromium, Chrome or Edge, or tell where one is by CHROME_PATH.')
  return playwright.chromium.launch({ executablePath, args: ARGS })
}
