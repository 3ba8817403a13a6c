import { styleText } from 'node:util'
import { sections } from '../manifest/sections.ts'

/** Of each step, in this order: the reader opens one more only when the one before was not enough. */
export const TIERS = ['A nudge', 'The API', 'Nearly the code']

export interface Hint {
  /** One of TIERS, if the text is as it should be; the gate sees to that. */
  tier: string
  /** Markdown. */
  body: string
}

/** What a chapter's hints.md says, by the heading of the step. */
export function readHints(text: string): Map<string, Hint[]> {
  const found = [...sections(text, '##')].map(([heading, section]): [string, Hint[]] => {
    const unfolding = section.matchAll(/<details><summary>💡 (.+?)<\/summary>(.*?)<\/details>/gs)
    return [heading, [...unfolding].map(([, tier, body]) => ({ tier: tier!, body: body!.trim() }))]
  })
  return new Map(found)
}

/** Markdown as a terminal shows it best: code stands out, its fences are gone, and lines break between words. */
export function forTerminal(markdown: string, columns = process.stdout.columns ?? 100): string {
  return markdown
    .split(/^```\w*\n(.*?)^```$/ms)
    .map((part, index) => (index % 2 === 1 ? part.replaceAll(/^(?=.)/gm, '    ').trimEnd() : prose(part, columns)))
    .join('')
}

function prose(text: string, columns: number): string {
  const paragraphs = text.replaceAll(/(?<=\S) *\n(?=[^\s-])/g, ' ')
  const line = new RegExp(`(?=\\S)(.{1,${columns - 1}})(?: +|$)`, 'gm')
  return paragraphs
    .replaceAll(line, '$1\n')
    .replaceAll(/\n{2,}/g, '\n\n')
    .replaceAll(/`([^`]+)`/g, (_, code: string) => styleText('cyan', code))
}
