import { createCLI, type Reporter, startVitest, type TestUserConfig } from 'vitest/node'
import { root } from '../manifest/target.ts'
import { Trouble } from '../core/trouble.ts'

/**
 * Vitest's own command line, in this process: its options, its keys and its exit code are the ones people know. Beside
 * the reporters of `config` is the one that the command line names, or else `reporter`.
 */
export async function vitest(
  args: string[],
  config: TestUserConfig & { reporters?: Reporter[] } = {},
  reporter?: Reporter,
): Promise<void> {
  process.chdir(root)
  const cli = createCLI()
  try {
    const { args: filters, options } = cli.parse(['node', 'vitest', ...args], { run: false })
    // It was asked for its help or its version, and has told.
    if (!cli.matchedCommand) return
    cli.matchedCommand.checkUnknownOptions()
    cli.matchedCommand.checkOptionValue()
    // Vitest would have the command line's instead of all others.
    const reporters = config.reporters && [...config.reporters, options.reporter ?? reporter ?? []].flat()
    const vitest = await startVitest('test', [...filters], {
      ...config,
      run: !options.watch,
      ...options,
      ...(reporters && { reporter: undefined, reporters }),
    })
    if (!vitest.shouldKeepServer()) await vitest.exit()
  } catch (error) {
    if ((error as Error).name === 'CACError') throw new Trouble(`Vitest: ${(error as Error).message}.`)
    throw error
  }
}
