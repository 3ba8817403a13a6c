import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Chapter } from '../../manifest/chapters.ts'
import { withFiles } from '../../testing/tree.ts'
import { checkCommands } from './commands.ts'
import { checkTrees } from './files.ts'
import { Findings } from '../../manifest/findings.ts'
import { checkChapters, recordReasons } from './gate.ts'

const doubling: Chapter = {
  number: '01',
  slug: 'doubling',
  title: 'Doubling',
  day: 1,
  fails: 'everything stays small',
  files: ['double.ts'],
  steps: [
    { title: 'Twice', minutes: 1 },
    { title: 'Nothing', minutes: 1, spare: true },
  ],
}

/** A chapter in order, as its files. What the gate should find is put into a copy. */
const inOrder = (): Record<string, string> => ({
  'package.json': JSON.stringify({
    type: 'module',
    imports: { '#chapters/*': { solution: './solutions/*', default: './exercises/*' } },
    scripts: { test: '', check: '' },
  }),
  '.vscode/tasks.json': JSON.stringify({ tasks: [{ command: 'npm test' }] }),
  'exercises/01-doubling/double.ts': 'export const double = (n: number) => n + 1',
  'exercises/01-doubling/double.test.ts': `
    import { double } from '#chapters/01-doubling/double.ts'
    import { describe, expect, test } from 'vitest'
    describe('Step 1: Twice', () => {
      test('doubles a number', () => expect(double(2), 'not twice as much').toBe(4))
      test('doubles below zero', () => expect(double(-2)).toBe(-4))
    })
    describe('Step 2: Nothing', () => {
      test('doubles nothing', () => expect(double(0), 'nothing is nothing').toBe(0))
    })`,
  'exercises/01-doubling/red.json': JSON.stringify({
    'Step 1: Twice > doubles a number': 'not twice as much',
    'Step 1: Twice > doubles below zero': 'expected -1 to be -4',
    'Step 2: Nothing > doubles nothing': 'nothing is nothing',
  }),
  'exercises/01-doubling/README.md': [
    '## Steps\n### Step 1: Twice\n- `doubles a number`\n- `doubles below zero`',
    '## Time to spare?\n### Step 2: Nothing\nRun `npm test 01`.\n- `doubles nothing`',
  ].join('\n\n'),
  'exercises/01-doubling/hints.md': ['Step 1: Twice', 'Step 2: Nothing'].map(hints).join('\n'),
  'solutions/01-doubling/skeleton.json': JSON.stringify({
    'double.ts': ['export const double = (n: number) => n + 1'],
  }),
  'solutions/01-doubling/double.ts': 'export const double = (n: number) => 2 * n',
  'solutions/01-doubling/NOTES.md': 'It is the shortest.',
  'solutions/01-doubling/variants/sum.ts': '/* Replaces: double.ts */ export const double = (n: number) => n + n',
  ...Object.fromEntries(
    Array.from({ length: 11 }, (_, i) => [`solutions/01-doubling/mistakes/plus-${i}.ts`, mistake(`n + 3 + ${i}`)]),
  ),
  'solutions/01-doubling/mistakes/trebles.diff': diff('3 * n'),
})

const hints = (heading: string) =>
  `## ${heading}\n` +
  ['A nudge', 'The API', 'Nearly the code']
    .map((title) => `<details><summary>💡 ${title}</summary>\n\nText.\n\n</details>`)
    .join('\n')

function mistake(expression: string, killedBy = 'doubles a number', replaces = 'double.ts') {
  const header = `/**\n * Mistake: computes ${expression}.\n * Replaces: ${replaces}\n * Killed by: ${killedBy}\n */`
  return `${header}\nexport * from '../double.ts'\nexport const double = (n: number) => ${expression}\n`
}

/** The same, told by what is changed. */
const diff = (expression: string, from = '2 * n') =>
  [
    `Mistake: computes ${expression}.\nReplaces: double.ts\nKilled by: doubles a number\n\n@@`,
    `-export const double = (n: number) => ${from}\n+export const double = (n: number) => ${expression}\n`,
  ].join('\n')

/** What the gate finds in a tree of these files. */
function findingsIn(files: Record<string, string>, chapter = doubling): Promise<{ passed: number; failed: string[] }> {
  return withFiles(files, async (base) => {
    const findings = new Findings()
    checkTrees(base, [chapter], findings)
    checkCommands(base, '.', [chapter], findings)
    await checkChapters(base, [chapter], findings, async (_what, work) => work())
    return { passed: findings.passed, failed: findings.failed.map(({ file, fix }) => `${file} ${fix}`) }
  })
}

test('finds nothing in a chapter that is in order, and has looked at all of it', async () => {
  const { passed, failed } = await findingsIn(inOrder())
  expect(failed).toEqual([])
  expect(passed).toBeGreaterThan(60)
}, 60_000)

describe('in a chapter with one of everything that can be wrong', () => {
  const suite = 'exercises/01-doubling/double.test.ts'
  const readme = 'exercises/01-doubling/README.md'
  const hintsFile = 'exercises/01-doubling/hints.md'
  const red = 'exercises/01-doubling/red.json'
  const solution = 'solutions/01-doubling'
  const chapter: Chapter = { ...doubling, steps: [...doubling.steps, { title: 'Later', minutes: 1, spare: true }] }

  /** Each with the line by which the gate tells of it. */
  const wrong: Record<string, string> = {
    'a solved skeleton': `${suite} "has been solved" is green on the skeleton: make the naive code fail it, or drop the test`,
    'a test that breaks instead of failing': `${suite} "breaks" must fail by an assertion, not by TypeError: Cannot read properties of null (reading 'toString')`,
    'a test that times out': `${suite} "hangs" must fail by an assertion, not by TestTimeoutError: Test timed out in 50ms.`,
    'a test that fails for another reason': `${red} "fails for a new reason" should fail with "the old reason" but says "the new reason: expected 4 to be 6 // Object.is equality": mend the skeleton or the entry`,
    'a test without a stated reason': `${red} has no entry for "Step 2: Nothing > is new": add one, or run "npm run check -- --record 01"`,
    'a reason without a test': `${red} "Step 2: Nothing > was removed" is no test of the suite: remove the entry`,
    'a test outside of the steps': `${suite} "stands alone" is not in a step of the manifest: put it into one of its describe blocks`,
    'two tests of the same name': `${suite} "doubles a number" is the name of two tests: hints, mistakes and red.json need to tell them apart`,
    'a test that fails on a variant': `${solution}/variants/wrong.ts must pass "doubles below zero" (${suite}), which says: expected 4 to be -4 // Object.is equality`,
    'a variant without a header': `${solution}/variants/headless.ts begin with a comment that has the lines "Replaces: …", which names one of double.ts`,
    'a mistake that survives': `${solution}/mistakes/survivor.ts survives "doubles a number": sharpen the test, or name the one that kills it`,
    'a mistake that breaks instead of failing': `${solution}/mistakes/throws.ts must be killed by an assertion of "doubles a number", not by TypeError: Cannot read properties of undefined (reading 'length')`,
    'a diff that survives': `${solution}/mistakes/survivor.diff survives "doubles a number": sharpen the test, or name the one that kills it`,
    'a diff that does not fit': `${solution}/mistakes/old.diff does not fit ${solution}/double.ts: its lines from "export const double = (n: number) => n + n" on stand there nowhere`,
    'a diff without a header': `${solution}/mistakes/headless.diff begin with lines "Mistake: …", "Killed by: …" and "Replaces: …", which names one of double.ts`,
    'a mistake of no test': `${solution}/mistakes/no-such-test.ts "Killed by: halves a number" is no test of the suite`,
    'a mistake for no file': `${solution}/mistakes/no-such-file.ts begin with a comment that has the lines "Mistake: …", "Killed by: …" and "Replaces: …", which names one of double.ts`,
    'a mistake in use': `${solution}/treble.ts imports ./mistakes/plus-0.ts: only the gate may use what is in there`,
    'a step without a test': `exercises/01-doubling has no describe('Step 3: Later', …) with a test in it: every step of the manifest needs one`,
    'a step without a heading': `${readme} has no "### Step 3: Later" below "## Time to spare?"`,
    'a step without hints': `${hintsFile} has no "## Step 3: Later"`,
    'a hint that is missing': `${hintsFile} "Step 1: Twice" needs three hints with text in them: 💡 A nudge, 💡 The API, 💡 Nearly the code`,
    'a test that no step names': `${readme} "Step 2: Nothing" does not name its test: add "- \`is new\`"`,
    'a name without a test': `${readme} "Step 2: Nothing" names "was removed", which is no test of that step`,
    'a heading without a step': `${readme} "Step 4: Gone" is no step of the manifest (shared/manifest/chapters.ts)`,
    'a command that does not exist': `${readme} "npm run dance" is no command: add it to package.json, or mend the text`,
    'a task that does not exist': `.vscode/tasks.json "npm run sing" is no command: add it to package.json, or mend the text`,
    'a command that wants a run': `${readme} "npm check" is no command: did you mean "npm run check"?`,
    'a command for no chapter': `${readme} "npm test 02" names a chapter that does not exist`,
    'a file only in the exercises': `exercises/01-doubling/halve.ts is not in the manifest: add it to chapter 01 in shared/manifest/chapters.ts, or remove it`,
    'a file only in the solutions': `${solution}/treble.ts is not in the manifest: add it to chapter 01 in shared/manifest/chapters.ts, or remove it`,
    'a chapter that is not in the manifest': `solutions/07-unknown is no chapter of the manifest (shared/manifest/chapters.ts): add it, or remove the folder`,
    'a skeleton that reset would not put back': `exercises/01-doubling/double.ts is not what "npm run reset 01" would put back: run "npm run check -- --record 01"`,
    'no notes': `${solution}/NOTES.md is missing: what the solution does, and why not otherwise`,
  }
  let failed: string[]

  beforeAll(async () => {
    const files = inOrder()
    const insert = (file: string, after: string, text: string) =>
      (files[file] = files[file]!.replace(after, `${after}${text}`))
    insert(
      suite,
      "'nothing is nothing').toBe(0))",
      `
      test('has been solved', () => expect(double(1)).toBe(2))
      test('breaks', () => double(5) === 10 || null!.toString())
      test('hangs', () => double(5) === 10 || new Promise(() => {}), 50)
      test('fails for a new reason', () => expect(double(3), 'the new reason').toBe(6))
      test('is new', () => expect(double(4)).toBe(8))
      test('doubles a number', () => expect(double(6), 'again').toBe(12))`,
    )
    files[suite] += `\ntest('stands alone', () => expect(double(7), 'alone').toBe(14))`
    insert(
      red,
      '{',
      `
      "stands alone": "alone",
      "Step 2: Nothing > has been solved": "expected",
      "Step 2: Nothing > breaks": "Cannot read properties of null",
      "Step 2: Nothing > hangs": "Test timed out",
      "Step 2: Nothing > fails for a new reason": "the old reason",
      "Step 2: Nothing > doubles a number": "again",
      "Step 2: Nothing > was removed": "expected",`,
    )
    insert(readme, 'Run `npm test 01`', ', then `npm test 02`, `npm run dance` and `npm check`')
    const named = ['has been solved', 'breaks', 'hangs', 'fails for a new reason', 'doubles a number', 'was removed']
    insert(readme, '- `doubles nothing`', `${named.map((name) => `\n- \`${name}\``).join('')}\n\n### Step 4: Gone\n`)
    files[hintsFile] = files[hintsFile]!.replace('A nudge', 'A shove')
    files['.vscode/tasks.json'] = JSON.stringify({ tasks: [{ command: 'npm run sing ${input:song}' }] })
    files['exercises/01-doubling/halve.ts'] = ''
    files['solutions/07-unknown/x.ts'] = ''
    files[`${solution}/treble.ts`] = `export * from './mistakes/plus-0.ts'`
    files[`${solution}/mistakes/survivor.ts`] = mistake('n === 0 ? 1 : 2 * n')
    files[`${solution}/mistakes/survivor.diff`] = diff('n === 0 ? 1 : 2 * n')
    files[`${solution}/mistakes/old.diff`] = diff('3 * n', 'n + n')
    files[`${solution}/mistakes/headless.diff`] = '@@\n-x\n+y\n'
    files[`${solution}/mistakes/no-such-test.ts`] = mistake('n', 'halves a number')
    files[`${solution}/mistakes/no-such-file.ts`] = mistake('n', 'doubles a number', 'halve.ts')
    files[`${solution}/mistakes/throws.ts`] = mistake('n.length.length')
    files[`${solution}/variants/headless.ts`] = '// Replaces: double.ts'
    files[`${solution}/variants/wrong.ts`] =
      '/* Replaces: double.ts */\nexport const double = (n: number) => Math.abs(2 * n)'
    files['exercises/01-doubling/double.ts'] += ' // better'
    delete files[`${solution}/NOTES.md`]
    failed = await findingsIn(files, chapter).then((found) => found.failed)
  }, 60_000)

  test.for(Object.entries(wrong))('finds %s', ([, line]) => {
    expect(failed).toContain(line)
  })

  test('finds nothing else', () => {
    expect(failed.filter((line) => !Object.values(wrong).includes(line))).toEqual([])
  })
})

describe('to record how a skeleton fails', () => {
  const red = 'exercises/01-doubling/red.json'
  /** With these tests beside those that are in order: what recording says, and what is then in red.json. */
  const recorded = (tests: string) => {
    const files = inOrder()
    files['exercises/01-doubling/double.test.ts'] += `\ndescribe('Step 2: Nothing', () => {${tests}})`
    return withFiles(files, async (base) => {
      const said = await recordReasons(base, [doubling]).catch((error) => String(error))
      return { said, list: JSON.parse(readFileSync(join(base, red), 'utf8')), before: JSON.parse(files[red]!) }
    })
  }

  test('writes the message of each test, without the values', async () => {
    const { said, list, before } = await recorded(`test('is new', () => expect(double(4), 'not even 8').toBe(8))`)
    expect(said).toEqual([red])
    expect(list).toEqual({
      ...before,
      'Step 1: Twice > doubles below zero': 'expected -1 to be -4 // Object.is equality',
      'Step 2: Nothing > is new': 'not even 8',
    })
  }, 60_000)

  test('refuses a time-out, a crash, and what is green or was not run, by the name of the test', async () => {
    const { said, list, before } = await recorded(`
      test('hangs', () => new Promise(() => {}), 50)
      test('breaks', () => null!.toString())
      test('has been solved', () => expect(double(1)).toBe(2))
      test.skip('had no turn', () => {})`)
    const lines = [
      `Trouble: ${red} stays as it is:`,
      '"had no turn" was not run',
      '"hangs" must fail by an assertion, not by TestTimeoutError: Test timed out in 50ms.',
      `"breaks" must fail by an assertion, not by TypeError: Cannot read properties of null (reading 'toString')`,
      '"has been solved" is green on the skeleton: make the naive code fail it, or drop the test',
      'Was the machine busy? Run it again when it is not, or with CI=1 in the environment, which is patient.',
    ]
    const [first, ...others] = lines
    const file = 'exercises/01-doubling/double.test.ts'
    const named = others.map((line) => (line.startsWith('"') ? `${file} ${line}` : line))
    expect(String(said).split('\n')).toEqual([first, ...named])
    expect(list).toEqual(before)
  }, 60_000)
})
