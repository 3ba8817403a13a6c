import { defineConfig } from 'vitest/config'
import { chapterRun } from './projects.ts'
import { root, targetOf } from './target.ts'

const PROJECT = '--project='
const named = process.argv.filter((arg) => arg.startsWith(PROJECT)).map((arg) => targetOf(arg.slice(PROJECT.length))!)

/** Of `npm test 01`: the chapters that its command line names. */
export default defineConfig({ root, test: chapterRun(named) })
