import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { carriersValue, type Fleet } from '../carriers/fleet.ts'
import { childEnvironment } from '../service/environment.ts'

const main = fileURLToPath(new URL('../service/main.ts', import.meta.url))
const settles = new URL('settles.ts', import.meta.url).href
const NODE_COMPILE_CACHE = fileURLToPath(new URL('../../node_modules/.cache/proof', import.meta.url))

/** Parcel as one would deploy it, on the solutions, in a process of its own. */
export interface ParcelProcess {
  origin: string
  /** Lines of its log at the level error and above. */
  errors: string[]
  /** Its exit code, or the signal that ended it, and what it said on stderr: warnings, above all. */
  exited: Promise<{ end: number | NodeJS.Signals; stderr: string }>
  /** Has it throw away all that nobody holds, and keep what it has compiled for the next of its kind. */
  settle(): Promise<void>
  kill(signal: NodeJS.Signals): void
}

/** @throws Error with what it had to say, when it ends before it listens */
export async function startParcel(
  carriers: Fleet['carriers'],
  env: Record<string, string> = {},
): Promise<ParcelProcess> {
  const child = fork(main, [], {
    // Node alone, which starts in half of the time that a loader for TypeScript needs.
    execArgv: ['--disable-warning=ExperimentalWarning', '--expose-gc', '--conditions=solution', '--import', settles],
    env: childEnvironment({
      NODE_OPTIONS: '',
      NODE_COMPILE_CACHE,
      ...env,
      PORT: '0',
      HOST: '127.0.0.1',
      CARRIERS: carriersValue(carriers),
    }),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const ended = Promise.all([once(child, 'close'), text(child.stderr!)])
  const exited = ended.then(([[code, signal], stderr]) => ({ end: code ?? signal, stderr }))
  const errors: string[] = []
  const listening = new Promise<string>((resolve) => {
    createInterface(child.stdout!).on('line', (line) => {
      const { level, msg, err } = JSON.parse(line)
      if (level >= 50) errors.push(err?.stack ?? msg)
      const [, origin] = /^Server listening at (http:\S+)$/.exec(msg) ?? []
      if (origin) resolve(origin)
    })
  })
  const failed = exited.then(({ end, stderr }) => Promise.reject(new Error(`Parcel ended with ${end}: ${stderr}`)))
  return {
    origin: await Promise.race([listening, failed]),
    errors,
    exited,
    async settle() {
      const settled = once(child, 'message')
      child.send('settle')
      await settled
    },
    kill: (signal) => void child.kill(signal),
  }
}
