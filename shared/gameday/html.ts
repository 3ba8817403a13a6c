import { chartsOf } from './chart.ts'
import { formatGrade, formatLine } from '../stage/incidents/format.ts'
import { numbers } from '../stage/incidents/lines.ts'
import { conclusionOf, crashesOf, type Day, type Scored, verdictOf } from './score.ts'

/** The Lab's colours, Okabe and Ito's; p50 is thin and p99 thick, failures are on top: nothing is told by colour alone. */
const STYLE = `
:root { color-scheme: light dark; --ink: #111; --paper: #fff; --line: #c9ced4; --soft: #f1f3f5; --good: #00694d; --bad: #a84300 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #f4f5f6; --paper: #14171a; --line: #474e55; --soft: #23282d; --good: #3fd6a8; --bad: #ff9a56 } }
body { font: 16px/1.4 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 74rem; margin: 1rem auto; padding: 0 1rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .15rem .9rem .15rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
.holds { color: var(--good) } .misses { color: var(--bad); font-weight: 600 }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)); gap: .5rem; margin: .6rem 0 }
svg { width: 100%; background: var(--soft) } svg text { font-size: 11px; fill: currentColor }
path { fill: none } .grid { stroke: var(--line) } .p50Ms { stroke: #56b4e9; stroke-width: 1.5 } .p99Ms { stroke: currentColor; stroke-width: 2.5 }
.full { fill: #009e73 } .partial { fill: #e69f00 } .failed { fill: #d55e00 } .fault { fill: #888; fill-opacity: .22 }
.warning { border: 2px solid var(--bad); padding: .5rem 1rem; white-space: pre-line }
`

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** The report: one file, which needs nothing from anywhere. @param about the run: command, date, machine */
export function htmlOf(day: Day, about: string): string {
  const { all, lost } = day
  const warning = lost || all.some(({ played }) => played.saturated) ? ' class="warning"' : ''
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Game day</title><style>${STYLE}</style>
<h1>Game day</h1>
<p${warning}><strong>${escape(conclusionOf(day))}</strong></p>
<p>${escape(about)}. Shaded: while something was wrong. Green: answered in full; orange: a carrier is missing; red, on top: failed.
Latencies count from when a customer meant to ask, and stand at that second; the thick line is p99, the thin one p50.</p>
${all.map(section).join('\n')}
</html>
`
}

function section(scored: Scored): string {
  const { played, rows } = scored
  const sides = (['yours', 'reference'] as const).filter((side) => side in played.sides)
  const body = rows.map((row) => {
    const { name, bound } = row[sides[0]!]!
    const cells = sides.map((side) => {
      const grade = row[side]!
      return `<td class="${grade.holds ? 'holds' : 'misses'}">${formatGrade(grade)}</td>`
    })
    return `<tr><td>${numbers[name].title}</td>${cells.join('')}<td>${formatLine(name, bound)}</td><td>${escape(bound.because)}</td></tr>`
  })
  const charts = sides.map((side) => `<div>${chartsOf(played.sides[side]!.requests, played.phases, side)}</div>`)
  return `<h2>${played.script.id} ${escape(played.script.title)}: ${verdictOf(scored)}</h2>
<table><tr><th>number</th>${sides.map((side) => `<th>${side}</th>`).join('')}<th>line</th><th>why</th></tr>${body.join('')}</table>
${crashesOf(scored)
  .map((crash) => `<pre>${escape(crash)}</pre>`)
  .join('')}<div class="charts">${charts.join('')}</div>`
}
