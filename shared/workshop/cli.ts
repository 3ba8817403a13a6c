import { Trouble } from '../core/trouble.ts'

/** Loaded when called for: `npm test` need not wait for what only the gate needs. */
const commands: Record<string, () => Promise<{ run(args: string[]): Promise<void> }>> = {
  start: () => import('./commands/start.ts'),
  service: () => import('./commands/service.ts'),
  demo: () => import('./commands/demo.ts'),
  gameday: () => import('./commands/gameday.ts'),
  bench: () => import('./commands/bench.ts'),
  proof: () => import('./commands/proof.ts'),
  test: () => import('./commands/test.ts'),
  progress: () => import('./commands/progress.ts'),
  hint: () => import('./commands/hint.ts'),
  watch: () => import('./commands/watch.ts'),
  'test:browser': () => import('./commands/test-browser.ts'),
  ui: () => import('./commands/ui.ts'),
  diff: () => import('./commands/diff.ts'),
  solve: () => import('./commands/solve.ts'),
  reset: () => import('./commands/reset.ts'),
  undo: () => import('./commands/undo.ts'),
  room: () => import('./commands/room.ts'),
  join: () => import('./commands/join.ts'),
  doctor: () => import('./commands/doctor.ts'),
  slides: () => import('./commands/slides.ts'),
  'slides:pdf': () => import('./commands/slides-pdf.ts'),
  check: () => import('./commands/check.ts'),
  mutation: () => import('./commands/mutation.ts'),
  format: () => import('./commands/format.ts'),
}

const [name = '', ...args] = process.argv.slice(2)

try {
  const command = commands[name]
  if (!command) throw new Trouble(`There is no command "${name}". There are: ${Object.keys(commands).join(', ')}.`)
  if (args.includes('--help')) console.log((await import('./help.ts')).helpOf(name))
  else await (await command()).run(args)
} catch (error) {
  const isArgument = String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')
  if (!(error instanceof Trouble || isArgument)) throw error
  console.error((error as Error).message)
  process.exitCode = 1
}
