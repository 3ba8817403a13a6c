// npm run demo 11: a courier has been offline all day, and uploads what they have scanned, into a file. Somebody looks
// every ten milliseconds whether anybody is at home. Batcher and pipeline are yours.
import { Batcher } from '#chapters/11-batching/batcher.ts'
import { Pipeline } from '#chapters/11-batching/pipeline.ts'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Outcome, type Scan, scanOf } from '../../shared/service/scan.ts'
import { sqliteStore } from '../../shared/service/sqlite-store.ts'

const LINES = 10_000
const LOOKS_MS = 10
/** A slow disk takes half a minute for ten thousand syncs, and the room shall not take it for the end. */
const TELLS_MS = 3000

// What it says of itself, on some Nodes, is not about this.
process.removeAllListeners('warning').on('warning', () => {})
const folder = mkdtempSync(join(tmpdir(), 'scans-'))
const store = sqliteStore(join(folder, 'scans.db'))

function* lines(): Generator<Buffer> {
  for (let n = 0; n < LINES; n++) {
    const at = new Date(Date.UTC(2026, 1, 28, 6) + n * 1000).toISOString()
    yield Buffer.from(JSON.stringify({ shipment: `pelican-${n % 500}`, at, place: 'Lisbon', event: 'collected' }))
  }
}

let batches = 0
const batcher = new Batcher<Scan, Outcome>({
  maxSize: 100,
  maxWaitMs: 5,
  send: (scans) => {
    batches++
    return store.write(scans)
  },
})
const upload = new Pipeline(lines()).stage(scanOf).stage((scan) => batcher.add(scan), { concurrency: 200 })

console.log(`${LINES.toLocaleString('en')} scans, a line each, into a file. "write" is async; its database is not.`)
console.log(`Every ${LOOKS_MS} ms somebody looks whether the event loop is at home.\n`)

const startedAt = performance.now()
const silences: { at: number; ms: number }[] = []
let lookedAt = startedAt
const look = () => {
  const now = performance.now()
  silences.push({ at: now - startedAt, ms: now - lookedAt - LOOKS_MS })
  lookedAt = now
}
const timer = setInterval(look, LOOKS_MS)

let done = 0
let toldAt = startedAt
for await (const passed of upload) {
  if (passed.status === 'fulfilled') done++
  if (performance.now() < toldAt + TELLS_MS) continue
  toldAt = performance.now()
  console.log(`… ${done.toLocaleString('en')} so far`)
}
// Whatever it has kept from looking until now.
await new Promise((resolve) => setTimeout(resolve, LOOKS_MS))
clearInterval(timer)
look()
const tookMs = performance.now() - startedAt

const longest = silences.toSorted((a, b) => b.ms - a.ms).slice(0, 5)
for (const { at, ms } of longest.filter(({ ms }) => ms >= 1)) {
  const bar = '█'.repeat(Math.min(30, Math.max(1, Math.round(ms / 50))))
  console.log(
    `nobody at home for ${String(Math.round(ms)).padStart(5)} ms, until ${String(Math.round(at)).padStart(5)} ms  ${bar}`,
  )
}
console.log(
  `\n${done.toLocaleString('en')} lines are done after ${(tookMs / 1000).toFixed(2)} s, in ${batches.toLocaleString('en')} transactions.`,
)
console.log(`The longest silence was ${Math.round(Math.max(...silences.map(({ ms }) => ms)))} ms.`)
await store.close()
rmSync(folder, { recursive: true })
