import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { chapters, folderOf } from './shared/workshop/chapters.ts'

/** `#chapters/*` is the attendee's code by default, and the solution under this condition (see package.json#imports). */
const solution = { resolve: { conditions: ['solution'] }, ssr: { resolve: { conditions: ['solution'] } } }

/** The one suite of a chapter, against the attendee's code and against the solution. */
const projects = chapters.map(folderOf).flatMap((folder): TestProjectInlineConfiguration[] => {
  const include = [`exercises/${folder}/*.test.ts`]
  return [
    { extends: true, test: { name: folder, include } },
    { extends: true, ...solution, test: { name: `solutions/${folder}`, include } },
  ]
})

export default defineConfig({
  test: {
    projects: [
      ...projects,
      { extends: true, ...solution, test: { name: 'workshop', include: ['shared/**/*.test.ts'] } },
    ],
    setupFiles: ['shared/testing/leaks.ts'],
    passWithNoTests: true,
  },
})
