import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Marked } from 'marked'
import { type Chapter, folderOf } from '../manifest/chapters.ts'
import { root } from '../manifest/target.ts'
import { PICTURES } from '../stage/drawings/svg.ts'

const escapeHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** A drawing at the head of a README, which the Lab has, too. */
const PICTURE = new RegExp(`^<img [^<>]*src="[^"]*${PICTURES}/([\\w-]+)\\.svg" alt="([^"<>]*)">\\s*$`)

function html(text: string): string {
  const [, name, alt] = PICTURE.exec(text) ?? []
  return name ? `<img src="/drawings/${name}.svg" alt="${alt}">` : escapeHtml(text)
}

/** Other HTML in a text is shown as the text that it is; links lead to the web, within the page, or nowhere. */
const markdown = new Marked({
  renderer: {
    html: ({ text }) => html(text),
    image: ({ text }) => escapeHtml(text),
    link({ href, tokens }) {
      const text = this.parser.parseInline(tokens)
      if (/^https?:\/\//i.test(href)) return `<a href="${escapeHtml(href)}" rel="noreferrer">${text}</a>`
      // A file of the repository, which the page does not have.
      return `<span class="file" title="${escapeHtml(href)}">${text}</span>`
    },
  },
})

/** The chapter's README as HTML in which nothing runs. */
export function renderReadme(chapter: Chapter): string {
  return renderMarkdown(readFileSync(join(root, 'exercises', folderOf(chapter), 'README.md'), 'utf8'))
}

export const renderMarkdown = (text: string): string => markdown.parse(text, { async: false })
