// npm run demo 12: twenty processes promise bookings and write them down, and each is killed with kill -9; then the plug
// of a disk is pulled forty times, which is simulated. How many promises does the next process know? The log is yours.
import { directory } from '#chapters/12-durable-writes/disk.ts'
import { Log } from '#chapters/12-durable-writes/log.ts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { seededRandom } from '../../shared/core/random.ts'
import { sleep } from '../../shared/core/sleep.ts'
import { SimulatedDisk } from '../../shared/testing/simulated-disk.ts'

const KILLS = 20
const AT_A_TIME = 4
const PLUGS = 40
const random = seededRandom(12)

/** Eight customers at a time; each hears of its booking when the log says that it has it. */
const PROMISES = `
  const { directory } = await import(${JSON.stringify(import.meta.resolve('#chapters/12-durable-writes/disk.ts'))})
  const { Log } = await import(${JSON.stringify(import.meta.resolve('#chapters/12-durable-writes/log.ts'))})
  const { writeSync } = await import('node:fs')
  const log = await Log.open(directory(process.argv.at(-1)))
  for (let customer = 0; customer < 8; customer++)
    void (async () => {
      for (let i = 0; ; i++) {
        await log.append({ booking: customer + '-' + i, from: 'Lisbon', to: 'Oslo', grams: 1200 })
        writeSync(1, customer + '-' + i + '\\n')
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    })()
`

interface Story {
  promised: number
  lost: number
  /** What opening it has thrown. */
  error?: string
}

/** Whoever has been promised something, and what the next process finds. */
async function compare(promised: string[], open: () => Promise<Log<{ booking: string }>>): Promise<Story> {
  try {
    const log = await open()
    const known = new Set(log.recovered.map(({ record }) => record.booking))
    await log.close()
    return { promised: promised.length, lost: promised.filter((booking) => !known.has(booking)).length }
  } catch (error) {
    return { promised: promised.length, lost: promised.length, error: (error as Error).message }
  }
}

async function kill(base: string, number: number): Promise<Story> {
  const path = join(base, String(number))
  const args = [...process.execArgv, '--input-type=module', '--eval', PROMISES, path]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const promised: string[] = []
  const lines = createInterface(child.stdout)
  const ended = once(lines, 'close')
  lines.on('line', (booking) => promised.push(booking))
  await once(lines, 'line')
  await sleep(100 + 200 * random())
  child.kill('SIGKILL')
  await Promise.all([exited, ended])
  return compare(promised, () => Log.open(directory(path)))
}

async function unplug(): Promise<Story> {
  const disk = new SimulatedDisk()
  const log = await Log.open<{ booking: string }>(disk)
  const promised: string[] = []
  const { promise: cut, resolve } = Promise.withResolvers<SimulatedDisk>()
  let left = 20 + Math.floor(100 * random())
  disk.before = () => {
    if (--left === 0) resolve(disk.cut(random))
  }
  const customer = async (number: number) => {
    for (let i = 0; ; i++) {
      const booking = `${number}-${i}`
      // Of a disk that is dead, nobody hears any more.
      await log.append({ booking })
      promised.push(booking)
    }
  }
  for (let number = 0; number < 8; number++) void customer(number)
  const next = await cut
  return compare(promised, () => Log.open(next))
}

function tell(what: string, stories: Story[]): void {
  const sum = (of: 'promised' | 'lost') => stories.reduce((total, story) => total + story[of], 0)
  console.log(`\n${what}:\n`)
  console.log(`  ${stories.map(({ lost, error }) => (error ? '✗' : lost > 0 ? '!' : '·')).join('')}`)
  const unreadable = stories.flatMap(({ error }) => error ?? [])
  console.log(`  ${unreadable.length} of ${stories.length} left something that the next one could not read`)
  if (unreadable[0]) console.log(`  ("${unreadable[0].slice(0, 60)}")`)
  console.log(`  ${sum('lost')} of ${sum('promised')} promises are gone`)
}

const base = mkdtempSync(join(tmpdir(), 'fail-well-demo-'))
try {
  console.log('· all are there   ! some are gone   ✗ nobody can read it')
  const killed: Story[] = []
  const next = async () => {
    while (killed.length < KILLS) {
      const story: Story = { promised: 0, lost: 0 }
      killed.push(story)
      Object.assign(story, await kill(base, killed.length))
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, next))
  tell(`${KILLS} processes, killed with kill -9`, killed)
  const unplugged: Story[] = []
  for (let i = 0; i < PLUGS; i++) unplugged.push(await unplug())
  tell(`${PLUGS} disks, simulated, whose plug was pulled`, unplugged)
} finally {
  rmSync(base, { recursive: true, force: true })
}
