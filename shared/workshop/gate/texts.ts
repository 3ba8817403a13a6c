import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Chapter, folderOf, headingsOf } from '../../manifest/chapters.ts'
import { readHints, TIERS } from '../hints.ts'
import { sections, testsNamedIn } from '../../manifest/sections.ts'
import type { Findings } from '../../manifest/findings.ts'
import type { Run } from './suites.ts'

/** Steps and tests, the same words in the manifest, the suite, the README and the hints. */
export function checkTexts(root: string, chapter: Chapter, run: Run, findings: Findings): void {
  const folder = `exercises/${folderOf(chapter)}`
  const headings = headingsOf(chapter)
  checkSuite(folder, headings, run, findings)
  const testsOf = (heading: string) =>
    run.tests.filter((test) => test.fullName.startsWith(`${heading} > `)).map(({ name }) => name)

  const read = (file: string) => {
    const path = join(root, folder, file)
    const there = findings.check(
      existsSync(path),
      `${folder}/${file}`,
      'is missing: every chapter has one (see CONTRIBUTING.md)',
    )
    return there ? readFileSync(path, 'utf8') : undefined
  }
  const readme = read('README.md')
  if (readme) checkReadme(`${folder}/README.md`, readme, chapter, testsOf, findings)
  const hints = read('hints.md')
  if (hints) checkHints(`${folder}/hints.md`, hints, headings, findings)
}

function checkSuite(folder: string, headings: string[], { modules, tests }: Run, findings: Findings): void {
  const suites = modules.flatMap((module) => [...module.children.suites()])
  for (const heading of headings)
    findings.check(
      suites.some(({ name, children }) => name === heading && children.size > 0),
      folder,
      `has no describe('${heading}', …) with a test in it: every step of the manifest needs one`,
    )
  for (const test of tests) {
    const heading = test.fullName.split(' > ')[0]!
    findings.check(
      headings.includes(heading),
      test.module.relativeModuleId,
      `"${test.name}" is not in a step of the manifest: put it into one of its describe blocks`,
    )
    const same = tests.filter(({ name }) => name === test.name)
    findings.check(
      same[0] === test,
      test.module.relativeModuleId,
      `"${test.name}" is the name of two tests: hints, mistakes and red.json need to tell them apart`,
    )
  }
}

function checkReadme(
  file: string,
  text: string,
  chapter: Chapter,
  testsOf: (heading: string) => string[],
  findings: Findings,
): void {
  const headings = headingsOf(chapter)
  const parts = sections(text, '##')
  const core = sections(parts.get('Steps') ?? '', '###')
  const spare = sections(parts.get('Time to spare?') ?? '', '###')

  chapter.steps.forEach((step, index) => {
    const heading = headings[index]!
    const section = (step.spare ? spare : core).get(heading)
    const place = step.spare ? 'Time to spare?' : 'Steps'
    if (!findings.check(section !== undefined, file, `has no "### ${heading}" below "## ${place}"`)) return
    const quoted = testsNamedIn(section!)
    const tests = testsOf(heading)
    for (const name of tests)
      findings.check(quoted.includes(name), file, `"${heading}" does not name its test: add "- \`${name}\`"`)
    for (const name of quoted)
      findings.check(tests.includes(name), file, `"${heading}" names "${name}", which is no test of that step`)
  })
  const found = [...core.keys(), ...spare.keys()]
  for (const heading of found)
    findings.check(
      headings.includes(heading),
      file,
      `"${heading}" is no step of the manifest (shared/manifest/chapters.ts)`,
    )
  const known = found.filter((heading) => headings.includes(heading))
  const misplaced = headings.filter((heading) => known.includes(heading)).find((heading, i) => known[i] !== heading)
  findings.check(!misplaced, file, `has "${misplaced}" in another place than the manifest`)
}

function checkHints(file: string, text: string, headings: string[], findings: Findings): void {
  const hints = readHints(text)
  for (const heading of headings) {
    const found = hints.get(heading)
    if (!findings.check(found !== undefined, file, `has no "## ${heading}"`)) continue
    const tiers = found!.filter(({ body }) => body).map(({ tier }) => tier)
    findings.check(
      tiers.join() === TIERS.join(),
      file,
      `"${heading}" needs three hints with text in them: ${TIERS.map((tier) => `💡 ${tier}`).join(', ')}`,
    )
  }
  for (const heading of hints.keys())
    findings.check(headings.includes(heading), file, `"${heading}" is no step of the manifest`)
}
