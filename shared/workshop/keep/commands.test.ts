import { spawnSync } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { chapter, folder, withWorkshop } from './fixture.ts'

// A ceiling for a busy machine, not an expectation.
vi.setConfig({ testTimeout: 60_000 })

const [first = '', second = '', third = ''] = chapter.files
const { number, title } = chapter

// Vitest asks for colours in the processes that it starts.
const { FORCE_COLOR: _, ...plain } = process.env

/** A command as its user sees it, with the last newline cut off. */
function command(base: string, line: string, env: Record<string, string> = {}, node: string[] = []): string {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...node, join(base, 'shared/workshop/cli.ts'), ...line.split(' ')],
    { cwd: base, encoding: 'utf8', env: { ...plain, INIT_CWD: base, ...env } },
  )
  return (stdout + stderr).trimEnd()
}
const mine = (base: string, file: string) => join(base, 'exercises', folder, file)

test('solve, reset and undo say what they did, where the work is kept, and how to take it back', () =>
  withWorkshop(async (base) => {
    expect(command(base, 'undo')).toBe('Nothing is kept yet, so there is nothing to take back.')
    expect(command(base, 'undo list')).toBe('Nothing is kept yet.')
    expect(command(base, `reset ${number}`)).toBe(
      `Chapter ${number}, ${title}: its files already are as in the beginning: nothing to do.`,
    )
    writeFileSync(mine(base, first), 'mine')
    expect(command(base, `solve ${number} ${folder}`)).toBe(
      `Chapter ${number}, ${title}: 3 of its files are as in the solution.\n` +
        'What you had is kept in .workshop/kept/1; to take it back: npm run undo',
    )
    expect(command(base, `solve ${number}`)).toBe(
      `Chapter ${number}, ${title}: its files already are as in the solution: nothing to do.`,
    )
    expect(command(base, 'undo')).toMatch(
      new RegExp(
        `^${folder}: again as it was before "solve ${number}" of \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d\\.\n` +
          'What you had until now is kept in .workshop/kept/2; to take this back in turn: npm run undo$',
      ),
    )
    expect(readFileSync(mine(base, first), 'utf8')).toBe('mine')
    expect(command(base, 'undo 1')).toMatch(
      /^06-hedged-requests: already as it was before "solve 06" .*, nothing to do/,
    )
    expect(command(base, `reset ${number}`)).toContain('1 of its files are as in the beginning.')
    const line = (kept: number, before: string) =>
      `   ${kept}  \\d{4}-.* \\d\\d:\\d\\d  ${folder}, before "${before}"\n`
    expect(command(base, 'undo list')).toMatch(
      new RegExp(
        `^${line(1, 'solve 06')}${line(2, 'undo')}${line(3, 'reset 06')}\nTo bring one back, .* npm run undo 3$`,
      ),
    )
    expect(command(base, 'undo --list')).toBe(command(base, 'undo list'))
    expect(command(base, 'undo', { npm_config_list: 'true' }), 'npm run undo --list').toBe(command(base, 'undo list'))
  }))

test('a damaged copy of the skeleton is told of', () =>
  withWorkshop(async (base) => {
    const copy = `solutions/${folder}/skeleton.json`
    writeFileSync(join(base, copy), '{')
    expect(command(base, `reset ${number}`)).toBe(`${copy} is damaged: take it from a fresh download of the workshop.`)
  }))

test('diff shows yours against the solution, without colours in a pipe', () =>
  withWorkshop(async (base) => {
    command(base, `solve ${number}`)
    expect(command(base, `diff ${number}`)).toBe('Nothing is different: yours are as in the solution.')
    writeFileSync(mine(base, first), `\ufeffour ${first}\r\n`)
    expect(command(base, `diff ${number}`), 'line ends and a byte order mark').toMatch(/^Nothing is different/)
    writeFileSync(mine(base, second), 'one\ntwo\n')
    appendFileSync(mine(base, third), 'more\n')
    const file = (name: string, hunk: string) =>
      `--- exercises/${folder}/${name}\n+++ solutions/${folder}/${name}\n${hunk}\n`
    const changes = file(second, `@@ -1,2 +1,1 @@\n-one\n-two\n+our ${second}`)
    const additions = file(third, `@@ -1,2 +1,1 @@\n our ${third}\n-more`)
    expect(`${command(base, `diff ${number}`)}\n`).toBe(changes + additions)
    expect(`${command(base, `diff ${number} ${third}`)}\n`).toBe(additions)
    const inColours = command(base, `diff ${number}`, { FORCE_COLOR: '1' })
    expect(inColours.split('\n').map((line) => line.replaceAll('\u001B', ''))).toEqual(
      expect.arrayContaining(['[31m-one[39m', `[32m+our ${second}[39m`, '[36m@@ -1,2 +1,1 @@[39m']),
    )
  }))

test('diff goes through the pager on a terminal, and does without when there is none', () =>
  withWorkshop(async (base) => {
    const terminal = ['--import', 'data:text/javascript,process.stdout.isTTY = true']
    writeFileSync(
      join(base, 'pager.mjs'),
      "for await (const chunk of process.stdin) console.log('PAGED', String(chunk))",
    )
    const diff = (pager: string) => command(base, `diff ${number} ${first}`, { PAGER: pager }, terminal)
    expect(diff(`"${process.execPath}" pager.mjs`)).toContain('PAGED \u001B[1m--- exercises')
    expect(diff('no-such-pager -R')).toContain('\u001B[1m--- exercises')
    expect(diff(`"${process.execPath}" --eval "process.exit()"`), 'a reader who has had enough').toBe('')
  }))
