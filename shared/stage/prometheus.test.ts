import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { parseMetrics } from './prometheus.ts'

test('reads what prom-client writes', async () => {
  const registers = [new Registry()]
  const labels = { carrier: 'say "coo"\\\n, or = {not}' }
  new Counter({ name: 'calls_total', help: 'a # in the help\nand a line', labelNames: ['carrier'], registers }).inc(
    labels,
    3,
  )
  const gauge = new Gauge({ name: 'temperature', help: 'in', registers })
  gauge.set(-1.5e-7)
  new Histogram({ name: 'seconds', help: 'took', buckets: [0.1], registers }).observe(2)
  expect(parseMetrics(await registers[0]!.metrics())).toEqual([
    { name: 'calls_total', labels, value: 3 },
    { name: 'temperature', labels: {}, value: -1.5e-7 },
    { name: 'seconds_bucket', labels: { le: '0.1' }, value: 0 },
    { name: 'seconds_bucket', labels: { le: '+Inf' }, value: 1 },
    { name: 'seconds_sum', labels: {}, value: 2 },
    { name: 'seconds_count', labels: {}, value: 1 },
  ])
})

test('reads infinities, and takes nonsense for none', () => {
  expect(parseMetrics('a +Inf\nb -Inf\nc NaN\n')).toEqual([
    { name: 'a', labels: {}, value: Infinity },
    { name: 'b', labels: {}, value: -Infinity },
    { name: 'c', labels: {}, value: NaN },
  ])
  expect(parseMetrics('<html>\n\n{"error":"no"}\n# TYPE a counter\n')).toEqual([])
})
