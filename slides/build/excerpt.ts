import { parseSync } from 'vite'

/** Longer lines are wrapped, as letters that fit them could not be read. */
export const MAX_COLUMNS = 80

/** As the room sees them. */
export const rowsOf = (lines: string[]): number =>
  lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / MAX_COLUMNS)), 0)

/** What a slide shows of a file: a declaration or parts of it, and what it points at, step by step. */
export interface Region {
  /** Below the root, with forward slashes. */
  file: string
  /** A declaration's name, or the way to one inside of it: `CircuitBreaker.run`. Without one, the whole file. */
  symbol: string | undefined
  /** What to show; all of it if empty. */
  show: string[]
  /** What to point at, one after the other. */
  steps: string[]
}

export interface Excerpt {
  lines: string[]
  /** For each step, the indices of its lines. */
  steps: number[][]
}

interface Node {
  type: string
  start: number
  end: number
  parent?: Node
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && 'start' in value && 'end' in value

/** Outer nodes come before inner ones. */
function nodesOf(file: string, source: string): Node[] {
  if (!/\.[cm]?ts$/.test(file)) return []
  const { program, errors } = parseSync(file, source)
  if (errors[0]) throw new Error(`does not parse: ${errors[0].message}`)
  const nodes = [program as unknown as Node]
  for (const node of nodes)
    for (const [key, value] of Object.entries(node))
      for (const child of Array.isArray(value) ? value : [value])
        if (isNode(child) && key !== 'parent') nodes.push(Object.assign(child, { parent: node }))
  return nodes
}

const nameOf = (node: Node) => {
  const { id, key } = node as Node & Partial<Record<'id' | 'key', { name?: string } | null>>
  return (id ?? key)?.name
}

/** The declaration, with its `export` and its `const`. */
function declarationOf(symbol: string, nodes: Node[]): Node {
  let found = nodes[0]!
  for (const name of symbol.split('.')) {
    const within = (node: Node) => node !== found && node.start >= found.start && node.end <= found.end
    const next = nodes.find((node) => within(node) && nameOf(node) === name)
    if (!next) throw new Error(`has no "${symbol}"`)
    found = next
  }
  while (/^(Export|VariableDeclaration$)/.test(found.parent!.type)) found = found.parent!
  return found
}

/**
 * Cuts a region out of its file's text. Parts are named by how a line begins, and not by numbers, which would go on
 * pointing somewhere when the file changes: `const stop` is the whole statement that begins so, `try … finally` is all
 * from the one line to the other, and `only if (late)` is that line alone.
 *
 * @throws Error when the file has no such declaration or line, or more than one line of that beginning
 */
export function excerptOf({ file, symbol, show, steps }: Region, source: string): Excerpt {
  const nodes = nodesOf(file, source)
  const text = source.trimEnd().split('\n')
  const starts = text.reduce((offsets, line) => [...offsets, offsets.at(-1)! + line.length + 1], [0])
  const lineAt = (offset: number) => starts.findLastIndex((start) => start <= offset)
  const whole = symbol ? declarationOf(symbol, nodes) : { start: 0, end: source.trimEnd().length }

  /** The last line of the largest statement, member or property that begins where this line does. */
  const endOf = (line: number) => {
    const begin = starts[line]! + text[line]!.search(/\S/)
    const isPart = ({ start, end }: Node) => start === begin && !(start <= whole.start && end >= whole.end)
    return lineAt((nodes.find(isPart)?.end ?? begin + 1) - 1)
  }
  const find = (words: string, among: number[]) => {
    const begin = among.filter((line) => text[line]!.trim().startsWith(words))
    const found = begin.length > 0 ? begin : among.filter((line) => text[line]!.includes(words))
    if (found.length === 0) throw new Error(`has no line "${words}" in what the slide shows of it`)
    return found
  }
  const pick = (words: string, among: number[]): number[] => {
    const isAlone = words.startsWith('only ')
    const [first = '', last] = words.replace(/^only /, '').split(' … ')
    const [from, other] = find(first, among)
    if (other !== undefined) throw new Error(`has more than one line "${first}": give more of the one that you mean`)
    const upTo = last
      ? find(
          last,
          among.filter((line) => line >= from!),
        )[0]!
      : from!
    return among.filter((line) => line >= from! && line <= (isAlone ? upTo : Math.max(upTo, endOf(upTo))))
  }

  const all = text.map((_, line) => line).slice(lineAt(whole.start), lineAt(whole.end - 1) + 1)
  const parts = show.length > 0 ? show.map((words) => pick(words, all)) : [all]
  const shown = parts.flat()
  const indent = Math.min(...shown.filter((line) => text[line]).map((line) => text[line]!.search(/\S/)))
  const lines: string[] = []
  const places = new Map<number, number>()
  for (const [i, line] of shown.entries()) {
    const isGap = i > 0 && line !== shown[i - 1]! + 1
    if (isGap) lines.push(`${' '.repeat(text[line]!.search(/\S/) - indent)}${/\.ya?ml$/.test(file) ? '#' : '//'} …`)
    places.set(line, lines.push(text[line]!.slice(indent)) - 1)
  }
  const pointed = steps.map((words) => words.split(' + ').flatMap((part) => pick(part, shown)))
  return { lines, steps: pointed.map((some) => some.map((line) => places.get(line)!)) }
}
