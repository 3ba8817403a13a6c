// npm run demo 03: a hundred clients, one carrier that has just come back, and what each retry makes of it.
// The retry and the backoff are yours; the carrier is simulated, and so is the time: the same picture each time.
import { backoffs, CLIENTS, herd } from '../../shared/stage/herd.ts'

const COLUMN_MS = 125
// Eight seconds of eight columns each: with the axis they fit into a terminal of 80.
const COLUMNS = 64
const ROWS = 8

async function run(title: string, backoff: keyof typeof backoffs): Promise<void> {
  const { calledAt, served, ms } = await herd(backoffs[backoff])
  console.log(
    `\n${title}: ${calledAt.length} calls, ${served} of ${CLIENTS} clients served, after ${(ms / 1000).toFixed(1)} s\n`,
  )
  const counts = Array<number>(COLUMNS).fill(0)
  for (const at of calledAt) counts[Math.min(COLUMNS - 1, Math.floor(at / COLUMN_MS))]!++
  draw(counts)
}

/** Columns of eighths, from the top row down. */
function draw(counts: number[]): void {
  const eighths = counts.map((count) => Math.round((count / CLIENTS) * ROWS * 8))
  for (let row = ROWS - 1; row >= 0; row--) {
    const cells = eighths.map((height) => ' ▁▂▃▄▅▆▇█'[Math.max(0, Math.min(8, height - row * 8))])
    console.log(`${row === ROWS - 1 ? String(CLIENTS).padStart(4) : '    '} ┤${cells.join('').trimEnd()}`)
  }
  console.log(`   0 ┼${'───────┬'.repeat(COLUMNS / 8)}`)
  console.log(`      ${Array.from({ length: COLUMNS / 8 }, (_, i) => `${i + 1} s`.padStart(8)).join('')}`)
}

console.log(`Calls per ${COLUMN_MS} ms. A hundred clients are told at once that the carrier is back.`)
await run('Without jitter', 'withoutJitter')
await run('With jitter', 'withJitter')
