import { expect, test } from 'vitest'
import { chapters } from '../manifest/chapters.ts'
import { isWritten } from '../manifest/target.ts'
import { renderMarkdown, renderReadme } from './readme.ts'

test.for([
  '<script>alert(1)</script>',
  'a <img src=x onerror=alert(1)> b',
  '<svg/onload=alert(1)>',
  '<img src="x/shared/stage/drawings/pictures/x.svg" alt="" onerror="alert(1)">',
  '<img onerror="alert(1)" src=x>',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](&#106;avascript:alert(1))',
  '[x](data:text/html,<script>alert(1)</script>)',
  '<javascript:alert(1)>',
  '[x](https://a.example/"onmouseover="alert(1))',
  '[x](x "\\" onmouseover=alert(1)")',
  '![x" onerror="alert(1)](x)',
  '```x" onmouseover="alert(1)\n```',
])('runs nothing: %s', (text) => {
  const html = renderMarkdown(text)
  const tags = html.match(/<[^>]*>/g) ?? []
  for (const tag of tags) {
    expect(tag).toMatch(/^<\/?(p|a|span|pre|code)\b/)
    expect(tag.replaceAll(/"[^"]*"/g, '""')).not.toMatch(/\son\w+=/)
    expect(tag).not.toMatch(/(href|src)="(?!https?:)/)
  }
})

test('leads to the web, but not to files that the page does not have', () => {
  expect(renderMarkdown('[a](https://a.example/?b=1&c) and [hints](hints.md)')).toBe(
    '<p><a href="https://a.example/?b=1&amp;c" rel="noreferrer">a</a> and <span class="file" title="hints.md">hints</span></p>\n',
  )
})

test('shows the drawing at its head, which the Lab serves', () => {
  const head = '<img align="right" width="320" src="../../shared/stage/drawings/pictures/01-2.svg" alt="A bird">'
  expect(renderMarkdown(`# 01\n\n${head}\n`)).toBe('<h1>01</h1>\n<img src="/drawings/01-2.svg" alt="A bird">')
})

test.for(chapters.filter((chapter) => isWritten(chapter)))('renders the README of chapter $number', (chapter) => {
  const html = renderReadme(chapter)
  expect(html).toContain(`<h1>${chapter.number} ${chapter.title}</h1>`)
  for (const [index, { title, spare }] of chapter.steps.entries()) {
    if (!spare)
      expect(html).toContain(`<h3>Step ${index + 1}: ${renderMarkdown(title).replaceAll(/<\/?p>|\n/g, '')}</h3>`)
  }
})
