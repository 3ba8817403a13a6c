/** Splits a Markdown text at its headings of a level (`##`): what follows each, by heading. */
export function sections(text: string, level: string): Map<string, string> {
  const parts = text.replaceAll('\r\n', '\n').split(new RegExp(`^${level} (.+)$`, 'm'))
  const pairs = Array.from(
    { length: (parts.length - 1) / 2 },
    (_, i) => [parts[2 * i + 1]!.trim(), parts[2 * i + 2]!] as const,
  )
  return new Map(pairs)
}

/** The tests that a README names: a list item that is nothing but a quoted sentence. */
export const testsNamedIn = (text: string): string[] =>
  [...text.matchAll(/^- `([^`]+)`\r?$/gm)].map(([, name]) => name!)
