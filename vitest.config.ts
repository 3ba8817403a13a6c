import { configDefaults, defineConfig } from 'vitest/config'
import { chapters } from './shared/manifest/chapters.ts'
import { runOptions, solution, suiteOptions, suiteProject } from './shared/testing/projects.ts'

const OURS = ['shared/**/*.test.ts', 'slides/build/*.test.ts']
const LONG = 'shared/**/*.long.test.ts'
const BROWSER = 'shared/{lab,room,workshop}/browser/*.test.ts'

const house = ({ name, include, exclude = [] }: { name: string; include: string[]; exclude?: string[] }) => ({
  ...solution,
  test: { ...suiteOptions, name, include, exclude: [...configDefaults.exclude, BROWSER, ...exclude] },
})

export default defineConfig({
  test: {
    ...runOptions,
    projects: [
      ...chapters.flatMap((chapter) => [
        suiteProject({ chapter, subject: 'exercises' }),
        suiteProject({ chapter, subject: 'solutions' }),
      ]),
      // The workshop's own, as far as they say whether a machine is ready.
      house({ name: 'workshop', include: OURS, exclude: [LONG] }),
      // What starts workshops of its own, kills and waits: the maintainers' and CI's.
      house({ name: 'long', include: [LONG] }),
      // On real time and a real browser: `npm run test:browser`.
      { ...solution, test: { ...suiteOptions, name: 'browser', include: [BROWSER] } },
    ],
  },
})
