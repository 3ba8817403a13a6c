import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { request } from 'undici'
import type { LabState } from '../state.ts'
import { clone, remove } from '../../testing/tree.ts'

/** A Lab that runs on a copy of the tree, so that a test may save into its exercises. */
export interface Stage {
  /** The copy. */
  root: string
  /** The page's address. */
  url: string
  /** What the page is told first: the states of the last while. */
  history(): Promise<LabState[]>
  close(): Promise<void>
}

export async function startLab(): Promise<Stage> {
  const copy = clone()
  const lab = spawn(process.execPath, ['shared/workshop/bin.mjs', 'start', '--port', '0', '--page-port', '0'], {
    cwd: copy,
    env: { ...process.env, INIT_CWD: copy },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(lab, 'exit')
  let said = ''
  for (const stream of [lab.stdout, lab.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(lab.stdout).on('line', (line) => {
      const [, address] = /The Lab is at\s+(\S+)/.exec(line) ?? []
      if (address) resolve(address)
    })
    void exited.then(() => reject(new Error(`The Lab ended:\n${said}`)))
  })
  return {
    root: copy,
    url,
    async history() {
      const { body } = await request(new URL('/state', url))
      let told = ''
      for await (const text of body.setEncoding('utf8')) {
        told += text
        const [, states] = /^data: (.*)\n\n/m.exec(told) ?? []
        // To leave the loop is to hang up.
        if (states) return JSON.parse(states) as LabState[]
      }
      throw new Error('The Lab has told nothing')
    },
    async close() {
      if (lab.exitCode === null && lab.signalCode === null) lab.kill('SIGTERM')
      await exited
      remove(copy)
    },
  }
}
