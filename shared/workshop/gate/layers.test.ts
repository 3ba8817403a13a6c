import { expect, test } from 'vitest'
import { Findings } from '../../manifest/findings.ts'
import { root } from '../../manifest/target.ts'
import { withFiles } from '../../testing/tree.ts'
import { checkLayers, layersTable } from './layers.ts'

/** What is said about these files, a line each. */
const said = (files: Record<string, string>) =>
  withFiles(files, async (base) => {
    const findings = new Findings()
    checkLayers(base, findings)
    return findings.failed.map(({ file, fix }) => `${file} ${fix}`)
  })

const chapter = 'exercises/03-retry/retry.ts'

/** In pieces, as this file is read like any other. */
const importing = (...specifiers: string[]) => specifiers.map((it) => `import { a } from '${it}'`).join('\n')

test('an import may run down, however far, and stay at home', async () => {
  const files = {
    [chapter]: importing('../../shared/core/sleep.ts', './backoff.ts'),
    'exercises/03-retry/retry.test.ts': importing('#chapters/03-retry/retry.ts', '../../shared/testing/http.ts'),
    'exercises/03-retry/demo.ts': importing('../../shared/stage/table.ts'),
    'shared/workshop/cli.ts': importing('../lab/main.ts'),
    'shared/lab/page/lab.tsx': importing('../../stage/side.ts'),
  }
  expect(await said(files)).toEqual([])
})

test.for<[string, string, string, string]>([
  [
    'up',
    'shared/core/sleep.ts',
    '../testing/clock.ts',
    'above: what shared/core needs of it belongs into it, or nowhere',
  ],
  ['up', 'shared/stage/side.ts', '../lab/lab.ts', 'above: what shared/stage needs of it belongs into shared/service'],
  [
    'sideways',
    'shared/bench/price.ts',
    '../lab/lab.ts',
    'next door: what shared/bench needs of it belongs into shared/stage',
  ],
  [
    'out of a chapter',
    chapter,
    '../../shared/testing/http.ts',
    'above: what chapters needs of it belongs into shared/core',
  ],
  ['into another chapter', chapter, '../../exercises/04-breaker/breaker.ts', 'stands alone'],
])('one that runs %s is told with its line, and where the code belongs', async ([, file, specifier, words]) => {
  for (const how of [importing(specifier), `import '${specifier}'`, `const a = await import('${specifier}')`]) {
    const [line = '', ...more] = await said({ [file]: `// first\n${how}` })
    expect(line).toContain(`${file}:2 imports`)
    expect(line).toContain(words)
    expect(more).toEqual([])
  }
})

test('a type is an import, and a room without a floor is none', async () => {
  expect(
    await said({ 'shared/stage/side.ts': importing('../lab/lab.ts').replace('import', 'import type') }),
  ).toHaveLength(1)
  expect(await said({ 'shared/attic/old.ts': importing('../core/sleep.ts') })).toEqual([
    expect.stringContaining('shared/attic, which has no floor'),
  ])
})

test('our own house is in order, and its table has nothing above the diagonal', () => {
  const findings = new Findings()
  checkLayers(root, findings)
  expect(findings.failed).toEqual([])
  expect(findings.passed).toBeGreaterThan(500)
  const [, ...rows] = layersTable(root)
    .split('\n')
    .map((line) => line.split(/\s{2,}/).slice(1))
  for (const [index, row] of rows.entries()) expect(row.slice(index).filter((cell) => cell !== '·')).toEqual([])
})
