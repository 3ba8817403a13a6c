import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type Chapter, chapters, folderOf, headingsOf } from '../manifest/chapters.ts'
import { withClone } from '../testing/tree.ts'
import { root } from '../manifest/target.ts'

// A ceiling for a busy machine, not an expectation.
vi.setConfig({ testTimeout: 120_000 })

// One that a single file solves, and the one after it.
const [chapter, next] = chapters.slice(chapters.findIndex(({ files }) => files.length === 1)) as [Chapter, Chapter]
const [heading] = headingsOf(chapter)
const [file] = chapter.files
const exercise = join('exercises', folderOf(chapter), file!)

function command(base: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['shared/workshop/bin.mjs', ...args], {
    cwd: base,
    env: { ...process.env, INIT_CWD: base },
    encoding: 'utf8',
  })
  return { status, out: stripVTControlCharacters(stdout + stderr) }
}

test('progress is what the tests say, and hints go a tier deeper each time', () =>
  withClone(async (base) => {
    const board = (count: string) =>
      expect.stringMatching(new RegExp(`▸ ${chapter.number} .* ${count}/\\d+ .*min left`))
    const { number } = chapter
    const red = command(base, 'progress', number)
    expect(red).toEqual({ status: 0, out: board('0') })
    expect(red.out).toContain(`Running the tests of ${number}`)
    expect(red.out).toContain(`Next   chapter ${number}, ${heading}`)
    // Nothing has changed, so nothing is run.
    expect(command(base, 'progress', number).out).not.toContain('Running')

    const tiers = ['A nudge (1 of 3)', 'The API (2 of 3)', 'Nearly the code (3 of 3)', 'Nearly the code (3 of 3)']
    for (const tier of tiers) expect(command(base, 'hint', number).out).toContain(`${heading}\n\n💡 ${tier}`)
    expect(command(base, 'hint', number, '--step', '2').out).toContain(headingsOf(chapter)[1])
    expect(command(base, 'hint', number, '--step', '99').status).toBe(1)

    appendFileSync(join(base, exercise), '\nlet = ;\n')
    expect(command(base, 'progress', number).out).toContain(`chapter ${number} does not run: `)
    expect(command(base, 'hint', number)).toEqual({ status: 1, out: expect.stringContaining('do not run') })

    copyFileSync(join(root, 'solutions', folderOf(chapter), file!), join(base, exercise))
    expect(command(base, 'progress', number).out).toMatch(
      new RegExp(`✓ ${number} .* (\\d)/\\1  to spare (■+) (\\d)/\\3\\n`),
    )
    expect(command(base, 'hint', number).out).toContain('no hint is needed')
  }))

/** The loop in a terminal, if this machine has the program that makes one, or else with pipes. */
function watch(base: string, terminal: boolean, number = chapter.number) {
  const args = ['shared/workshop/bin.mjs', 'watch', number]
  const inTerminal = ['-qefc', [`"${process.execPath}"`, ...args].join(' '), '/dev/null']
  const child = terminal
    ? spawn('script', inTerminal, { cwd: base, env: { ...process.env, INIT_CWD: base } })
    : spawn(process.execPath, args, { cwd: base, env: { ...process.env, INIT_CWD: base } })
  // It ends its workers first, and that takes a busy machine longer than what is left behind is waited for.
  onTestFinished(async () => {
    if (child.exitCode === null && child.kill()) await once(child, 'exit')
  })
  let text = ''
  let seen = 0
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk))
  return {
    child,
    type: (key: string) => child.stdin.write(key),
    /** Waits until this has been shown, after what was waited for last. */
    async shows(what: string) {
      for (;;) {
        const shown = stripVTControlCharacters(text)
        const at = shown.indexOf(what, seen)
        if (at >= 0) return void (seen = at + what.length)
        if (child.exitCode !== null) throw new Error(`ended before it showed "${what}":\n${shown.slice(seen)}`)
        await sleep(20)
      }
    },
  }
}

const hasScript = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0

test.skipIf(!hasScript)('the loop: red, hint, green, next, and quit, with a key each', () =>
  withClone(async (base) => {
    const { child, type, shows } = watch(base, true)
    await shows(`✗ ${heading}`)
    await shows('q quit')
    type('h')
    await shows('A nudge (1 of 3)')
    type('h')
    await shows('The API (2 of 3)')
    type('x')
    await shows('There is no key "x" here.')
    type('l')
    await shows("A chapter's number goes there.")
    copyFileSync(join(root, 'solutions', folderOf(chapter), file!), join(base, exercise))
    await shows('was saved: running')
    await shows('🏆')
    type('r')
    await shows('🏆')
    type('n')
    await shows(`Chapter ${next.number}`)
    await shows('q quit')
    type('q')
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
  }),
)

test('without a terminal, the loop prints the results of each save below the last', () =>
  withClone(async (base) => {
    const { child, shows } = watch(base, false)
    await shows(`✗ ${heading}`)
    await shows('to spare')
    copyFileSync(join(root, 'solutions', folderOf(chapter), file!), join(base, exercise))
    await shows('🏆')
    child.kill('SIGTERM')
    const [, signal] = await once(child, 'exit')
    expect(signal, 'it ends by itself').toBeNull()
  }))

test('a save runs what starts processes again, though no import leads from there to the saved file', () =>
  withClone(async (base) => {
    const shutdown = chapters.find(({ slug }) => slug === 'graceful-shutdown')!
    const { child, shows } = watch(base, false, shutdown.number)
    const spare = shutdown.steps.filter((step) => step.spare).length
    await shows(`to spare ${'□'.repeat(spare)}`)
    const [solution, exercise] = ['solutions', 'exercises'].map((folder) => join(base, folder, folderOf(shutdown)))
    for (const file of shutdown.files) copyFileSync(join(solution!, file), join(exercise!, file))
    await shows(`to spare ${'■'.repeat(spare)}`)
    expect(child.exitCode, 'the loop goes on').toBeNull()
  }))
