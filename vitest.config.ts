import { configDefaults, defineConfig } from 'vitest/config'
import { chapters } from './shared/manifest/chapters.ts'
import { runOptions, solution, suiteOptions, suiteProject } from './shared/testing/projects.ts'

export default defineConfig({
  test: {
    ...runOptions,
    projects: [
      ...chapters.flatMap((chapter) => [
        suiteProject({ chapter, subject: 'exercises' }),
        suiteProject({ chapter, subject: 'solutions' }),
      ]),
      {
        ...solution,
        test: {
          ...suiteOptions,
          name: 'workshop',
          include: ['shared/**/*.test.ts', 'slides/build/*.test.ts'],
          // The proofs take minutes; whoever wants to know whether their machine is ready has none.
          exclude: [...configDefaults.exclude, 'shared/{lab,workshop}/browser/**', ...(process.env.CI ? [] : ['shared/proof/**'])],
        },
      },
      // On real time and a real machine: not part of `npm test`.
      {
        test: {
          ...suiteOptions,
          name: 'browser',
          include: ['shared/{lab,workshop}/browser/*.test.ts'],
        },
      },
    ],
  },
})
