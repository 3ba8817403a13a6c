import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Shows a text: on a terminal through $PAGER, or less, where there is one; else as it is. */
export async function pager(text: string): Promise<void> {
  const [name, ...args] = (process.env.PAGER || 'less -R').split(/\s+/)
  if (!process.stdout.isTTY || !(await page(name!, args, text))) {
    // Whoever reads us, such as `head`, may have had enough: that is no error.
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
    process.stdout.write(text)
  }
}

/** @returns whether there is such a program. */
async function page(name: string, args: string[], text: string): Promise<boolean> {
  // F: what fits on the screen needs no paging; R: colours; X: it stays on the screen. As git has it.
  const child = spawn(name, args, { stdio: ['pipe', 'inherit', 'inherit'], env: { LESS: 'FRX', ...process.env } })
  // Ctrl-C is for the pager, and so is its end, before the text's.
  const ignore = () => {}
  process.on('SIGINT', ignore)
  child.stdin.on('error', ignore)
  child.stdin.end(text)
  try {
    await once(child, 'close')
    return true
  } catch {
    return false
  } finally {
    process.off('SIGINT', ignore)
  }
}
