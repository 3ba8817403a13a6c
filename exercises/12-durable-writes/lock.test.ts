import { lockDirectory } from '#chapters/12-durable-writes/lock.ts'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { LockedError } from '../../shared/core/errors.ts'
import { outcomeOf, promisesSettle } from '../../shared/testing/outcome.ts'

/** Takes the directory, says so, and stays. */
const OWNER = `
  const { lockDirectory } = await import(${JSON.stringify(import.meta.resolve('#chapters/12-durable-writes/lock.ts'))})
  lockDirectory(process.argv.at(-1))
  console.log('mine')
  setInterval(() => {}, 1000)
`

const base = mkdtempSync(join(tmpdir(), 'fail-well-lock-'))
let owner: ChildProcess

beforeAll(async () => {
  const args = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', OWNER, join(base, 'theirs')]
  owner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(createInterface(owner.stdout!), 'line')
})

afterAll(() => {
  owner.kill('SIGKILL')
  rmSync(base, { recursive: true, force: true })
})

function take(name: string): () => void {
  const release = lockDirectory(join(base, name))
  onTestFinished(release)
  return release
}

const taking = (name: string) => () => void take(name)

describe('Step 12: One at a time', () => {
  test('refuses whoever comes second, and is free when it is given back', () => {
    const release = take('ours')
    expect(taking('ours'), 'two logs in one directory write over each other').toThrow(LockedError)
    expect(taking('other'), 'another directory').not.toThrow()
    release()
    expect(taking('ours'), 'given back').not.toThrow()
    expect(release, 'given back twice').not.toThrow()
    expect(taking('ours'), 'which takes it from nobody').toThrow(LockedError)
    expect(taking('a/new/one'), 'a directory that is not there, in one that is not there').not.toThrow()
  })

  test('does not take any trouble for somebody', () => {
    const path = join(base, 'rotten')
    const release = take('rotten')
    expect(taking('rotten'), 'as long as somebody has it').toThrow(LockedError)
    release()
    for (const name of readdirSync(path)) writeFileSync(join(path, name), 'no lock, but something else '.repeat(40))
    const outcome = (() => {
      try {
        take('rotten')
        return undefined
      } catch (error) {
        return error
      }
    })()
    expect(
      outcome,
      'its files are rotten, and nobody has it: it works, or it says what is wrong; whoever hears "locked" waits for ever',
    ).not.toBeInstanceOf(LockedError)
  })

  // Windows could not delete its file.
  test.skipIf(process.platform === 'win32')('stays locked when nobody keeps what gives it back', async () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const forget = () => void lockDirectory(join(base, 'forgotten'))
    forget()
    for (let i = 0; i < 5; i++) {
      gc()
      await promisesSettle()
    }
    expect(taking('forgotten'), 'garbage was collected; was the lock among it?').toThrow(LockedError)
  })

  test('refuses what another process has, until that is killed', async () => {
    expect(taking('theirs'), 'another process has it').toThrow(LockedError)
    const exited = once(owner, 'exit')
    owner.kill('SIGKILL')
    expect(await outcomeOf(exited, 2000), 'it is killed').toMatchObject({ status: 'fulfilled' })
    expect(taking('theirs'), 'and it had no time to clean up, nor is its process id a sign of life').not.toThrow()
  })
})
