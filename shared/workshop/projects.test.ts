import { basename } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createVitest } from 'vitest/node'
import { chapters } from '../manifest/chapters.ts'
import { chapterRun } from './chapter-run.ts'
import { root } from '../manifest/target.ts'

const runs = {
  'npm test': { root },
  'npm test 01, and npm run watch': chapterRun([{ chapter: chapters[0]!, subject: 'exercises' }]),
}

test.each(Object.entries(runs))('%s watches each suite, and looks for what it leaves behind, once', async (_, run) => {
  const vitest = await createVitest('test', { ...run, watch: false })
  onTestFinished(() => vitest.close())
  for (const { name, config } of vitest.projects)
    expect(
      config.setupFiles.map((file) => basename(file)),
      name,
    ).toEqual(['watched.ts', 'leaks.ts', 'frames.ts'])
})
