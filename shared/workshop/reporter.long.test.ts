import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { expect, test, vi } from 'vitest'
import { createVitest } from 'vitest/node'
import { chapters, folderOf, headingsOf } from '../manifest/chapters.ts'
import { withFiles } from '../testing/tree.ts'
import ChapterReporter from './reporter.ts'
import { testsNamedIn } from '../manifest/sections.ts'
import { root } from '../manifest/target.ts'

// A ceiling for a busy machine, not an expectation.
vi.setConfig({ testTimeout: 60_000 })

const chapter = chapters[0]!
const headings = headingsOf(chapter)
const lastCore = chapter.steps.findLastIndex(({ spare }) => !spare)

/** What an attendee reads when each step of the chapter has these two tests, which are made to fail by name. */
async function output(
  failing: (step: number, test: number) => boolean,
  { append = '', only = undefined as RegExp | undefined } = {},
) {
  const steps = headings.map((heading, step) => {
    const tests = [1, 2].map(
      (n) => `test('${step + 1}.${n}', () => expect(${failing(step + 1, n)}, 'reason ${step + 1}.${n}').toBe(false))`,
    )
    return `describe(${JSON.stringify(heading)}, () => { ${tests.join('; ')} })`
  })
  const suite = `import { describe, expect, test } from 'vitest'\n${steps.join('\n')}\n${append}`
  return withFiles({ 'exercises/a.test.ts': suite }, async (root) => {
    let text = ''
    const stream = new Writable({ write: (chunk, _, done) => ((text += chunk), done()) })
    const { exitCode } = process
    const config = {
      root,
      config: false as const,
      watch: false,
      fsModuleCache: false,
      reporters: [new ChapterReporter()],
      testNamePattern: only,
    }
    const project = { test: { name: folderOf(chapter), include: ['exercises/*.test.ts'] } }
    const vitest = await createVitest(
      'test',
      { ...config, projects: [project] },
      {},
      { stdout: stream, stderr: stream },
    )
    try {
      await vitest.start()
      const code = process.exitCode ?? 0
      return {
        lines: stripVTControlCharacters(text)
          .split('\n')
          .map((line) => line.trimEnd()),
        code,
      }
    } finally {
      await vitest.close()
      process.exitCode = exitCode
    }
  })
}

const core = lastCore + 1
const spare = headings.length - core

test('shows one failure in full, counts the steps, and says where help is', async () => {
  const { lines, code } = await output((step, n) => step >= 2 && n === 2)
  expect(code).toBe(1)
  expect(lines).toContain(`  ✓ ${headings[0]} 2/2`)
  expect(lines).toContain(`  ✗ ${headings[1]} 1/2`)
  expect(lines).toContain('      ✓ 2.1')
  expect(lines).toContain('      ✗ 2.2')
  expect(lines.filter((line) => line.startsWith('AssertionError'))).toEqual([expect.stringContaining('reason 2.2')])
  expect(lines.join('\n')).toContain(
    `Steps  1 of ${core} green, and 0 of ${spare} to spare (${headings.length + 1} of ${2 * headings.length} tests green`,
  )
  expect(lines.slice(-5)).toEqual([
    `  Next   ${headings[1]}`,
    '         2.2',
    `  Stuck? npm run hint ${chapter.number}`,
    '',
    '',
  ])
})

test("names a step's tests in the README's order, whichever file was the first to end", async () => {
  const [one, two] = testsNamedIn(readFileSync(join(root, 'exercises', folderOf(chapter), 'README.md'), 'utf8'))
  const tests = [two, one].map((name) => `test(${JSON.stringify(name)}, () => expect(1, 'red').toBe(2))`)
  const append = `describe(${JSON.stringify(headings[0])}, () => { ${tests.join('; ')} })`
  const { lines } = await output(() => false, { append })
  expect(lines.filter((line) => line.startsWith('      ✗'))).toEqual([`      ✗ ${one}`, `      ✗ ${two}`])
  expect(lines).toContain(`         ${one}`)
})

test('celebrates when the core steps are green, and says what is left to spare', async () => {
  const { lines, code } = await output((step) => step > core)
  expect(code).toBe(1)
  expect(lines.join('\n')).toContain(`Steps  ${core} of ${core} green, and 0 of ${spare} to spare`)
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}🏆 {5}All core steps are green\./))
  expect(lines).toContain(`  Spare  ${headings[core]}`)
})

test('says nothing of steps when only a part of the suite ran', async () => {
  const { lines, code } = await output(() => false, { only: /2\.1/ })
  expect(code).toBe(0)
  expect(lines).toContain(`  - ${headings[1]} 1/2`)
  expect(lines).not.toContain(`  - ${headings[0]} 0/2`)
  expect(lines.join('\n')).toContain('A part of the suite ran (1 of 1 tests green')
  expect(lines.join('\n')).not.toContain('🏆')
})

test('is red when no test has the name that was asked for', async () => {
  const { lines, code } = await output(() => false, { only: /no such test/ })
  expect(code).toBe(1)
  expect(lines).toContain('  Next   no test has such a name: choose another one after -t')
})

test('shows what keeps a suite from loading, before anything else', async () => {
  const { lines, code } = await output(() => false, { append: `throw new Error('a typo')` })
  expect(code).toBe(1)
  expect(lines).toContain(' FAIL  exercises/a.test.ts did not load')
  expect(lines).toContain('Error: a typo')
  expect(lines).toContain('  Next   mend the error above: until it loads, nothing can be said of the steps')
})

test('does not celebrate over an error that no test caught', async () => {
  const { lines, code } = await output(() => false, {
    append: `queueMicrotask(() => { throw new Error('from nowhere') })`,
  })
  expect(code).toBe(1)
  expect(lines).toContain('Error: from nowhere')
  expect(lines).toContain('  Next   mend the error above, which no test caught')
  expect(lines.join('\n')).not.toContain('🏆')
})

test('counts no test as green that its worker did not live to see the end of', async () => {
  const { lines, code } = await output(() => false, {
    append: `test('dies', () => process.kill(process.pid, 'SIGKILL'))`,
  })
  expect(code).toBe(1)
  expect(lines).toContain('  Next   mend what the watchdog has found (above): it ended the tests half-way')
  expect(lines.join('\n')).not.toContain('🏆')
})
