import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** The shell's exit code; on Windows it is 1, which a pager has no use for either. */
const NO_SUCH_COMMAND = process.platform === 'win32' ? 1 : 127

/** Shows a text: on a terminal through $PAGER, or less, where there is one; else as it is. */
export async function pager(text: string): Promise<void> {
  if (!process.stdout.isTTY || !(await page(process.env.PAGER || 'less -R', text))) {
    // Whoever reads us, such as `head`, may have had enough: that is no error.
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
    process.stdout.write(text)
  }
}

/** A shell reads the command, as git's does: a path with a blank in it stands in quotes. @returns whether there is such a program. */
async function page(command: string, text: string): Promise<boolean> {
  // F: what fits on the screen needs no paging; R: colours; X: it stays on the screen. As git has it.
  const env = { LESS: 'FRX', ...process.env }
  const child = spawn(command, { shell: true, stdio: ['pipe', 'inherit', 'ignore'], env })
  // Ctrl-C is for the pager, and so is its end, before the text's.
  const ignore = () => {}
  process.on('SIGINT', ignore)
  child.stdin.on('error', ignore)
  child.stdin.end(text)
  try {
    const [code] = await once(child, 'close')
    return code !== NO_SUCH_COMMAND
  } catch {
    return false
  } finally {
    process.off('SIGINT', ignore)
  }
}
