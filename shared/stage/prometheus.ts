/** One line of Prometheus' text format. */
export interface Sample {
  name: string
  labels: Record<string, string>
  value: number
}

const ESCAPED: Record<string, string> = { '\\\\': '\\', '\\"': '"', '\\n': '\n' }

/** Reads the text format 0.0.4, as prom-client writes it; what is no sample is left out. */
export function parseMetrics(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? []
    if (name === undefined) return []
    const pairs = labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)
    const read = (text: string) => text.replaceAll(/\\[\\"n]/g, (pair) => ESCAPED[pair]!)
    const number = value!.endsWith('Inf') ? (value!.startsWith('-') ? -Infinity : Infinity) : Number(value)
    return [{ name, labels: Object.fromEntries([...pairs].map(([, key, text]) => [key, read(text!)])), value: number }]
  })
}
