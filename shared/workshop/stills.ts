import { setTimeout as sleep } from 'node:timers/promises'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { chapters, folderOf } from '../manifest/chapters.ts'
import { type Incident, incidents } from '../stage/incidents/incidents.ts'
import type { ChapterCard } from '../lab/state.ts'
import { startLab } from '../lab/browser/stage.ts'
import { Trouble } from '../core/trouble.ts'
import { launchBrowser } from '../stage/browser.ts'
import { stillOf } from '../../slides/build/lab.ts'

/** By then the figures of the last ten seconds are the incident's, and its charts show how it came about. */
const TELLS_MS = 24_000
/** A rush is over by then, and it is not forgotten yet. */
const RUSH_TELLS_MS = 14_000
/** So much of a healthy day is to be seen before it. */
const HEALTHY_MS = 30_000
/** All of the exercises' suites run first, and a machine that is busy with them has no figures to show. */
const SUITES_MS = 300_000
const LOOK_MS = 2_000
/** And one that stays busy with the incident itself, as two cores do, is not waited for. */
const CALM_MS = 30_000

/**
 * Plays each incident in a Lab of its own, on a copy of the tree, and takes two pictures of its spotlight: with the chapter
 * as it is given, and with it solved. Some ten minutes for all of them.
 *
 * @param wanted `dead` or `dead-solved`; all, if there is none
 */
export async function takeStills(root: string, wanted: string[], tell: (line: string) => void): Promise<void> {
  for (const name of wanted) stillOf(name)
  const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name)
  const lab = await startLab()
  // To draw it takes more of a small machine than the incident does: when nobody else wants to do something.
  setPriority(constants.priority.PRIORITY_LOW)
  const browser = await launchBrowser().catch(async (error) => {
    await lab.close()
    throw error
  })
  const order = async (control: { healthy: true } | { incident: string }) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(control) }
    const { ok, statusText } = await fetch(new URL('/control', lab.url), init)
    if (!ok) throw new Error(`The Lab refused ${init.body}: ${statusText}`)
  }
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
    const session = await page.context().newCDPSession(page)
    /** Nothing else runs, in so far as the Lab knows; of every day, and the page shows but one. */
    const suitesHaveRun = async () => {
      const isDone = ({ running, steps }: ChapterCard) => !running && steps.every(({ state }) => state !== 'unknown')
      for (let leftMs = SUITES_MS; !(await lab.history()).at(-1)?.chapters.every(isDone); leftMs -= LOOK_MS) {
        if (leftMs <= 0) throw new Trouble('The suites do not come to an end: end whatever else runs, and try again.')
        await sleep(LOOK_MS)
      }
    }
    await suitesHaveRun()

    const isSaturated = async () => (await lab.history()).at(-1)!.traffic.saturated
    const take = async (still: string, { traffic }: Incident) => {
      await sleep(traffic.rush ? RUSH_TELLS_MS : TELLS_MS)
      // A rush is forgotten before it is calm again.
      for (let leftMs = traffic.rush ? 0 : CALM_MS; leftMs > 0 && (await isSaturated()); leftMs -= LOOK_MS)
        await sleep(LOOK_MS)
      const is = (await isSaturated()) ? 'saturated: are its figures those of a calm one?' : 'calm.'
      // Only now, and for a moment.
      await page.goto(lab.url)
      await page.locator('.spotlight[data-on=true]').waitFor()
      // That is about the machine of whoever takes them, who is told so and looks at the figures; and it is for long out of date.
      await page.addStyleTag({ content: '.warning { display: none }' })
      mkdirSync(join(root, still, '..'), { recursive: true })
      // Half of what a PNG takes, and as sharp; Playwright itself has no WebP.
      const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 85 })
      writeFileSync(join(root, still), data, 'base64')
      await page.goto('about:blank')
      tell(`Wrote ${still}. The machine was ${is}`)
    }
    for (const incident of incidents) {
      const solved = `${incident.id}-solved`
      if (!isWanted(incident.id) && !isWanted(solved)) continue
      await order({ healthy: true })
      await sleep(HEALTHY_MS)
      await order({ incident: incident.id })
      if (isWanted(incident.id)) await take(stillOf(incident.id), incident)
      if (!isWanted(solved)) continue
      solve(incident, lab.root)
      while (!(await lab.history()).at(-1)?.chapters.some(({ running }) => running)) await sleep(LOOK_MS / 10)
      await suitesHaveRun()
      await order({ incident: incident.id })
      await take(stillOf(solved), incident)
    }
  } finally {
    await browser.close()
    await lab.close()
  }
}

/** For good: no other incident runs on the exercises of this chapter. */
function solve({ chapter: number }: Incident, copy: string): void {
  const chapter = chapters.find((each) => each.number === number)!
  const [mine, ours] = ['exercises', 'solutions'].map((tree) => join(copy, tree, folderOf(chapter)))
  for (const file of chapter.files) copyFileSync(join(ours!, file), join(mine!, file))
}
