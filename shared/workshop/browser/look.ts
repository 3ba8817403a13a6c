// What the test beside this file runs in the page; it sees the page's globals, and nothing of this module.

interface Deck {
  getIndices(slide: Element): { h: number; v: number }
  slide(h: number, v: number, step: number): void
  getScale(): number
}
declare const deck: Deck

/** How many steps the slide has after its first picture. */
export function stepsOf(id: string): number {
  const numbers = [...document.getElementById(id)!.querySelectorAll<HTMLElement>('.fragment')]
  return new Set(numbers.map(({ dataset }) => dataset.fragmentIndex)).size
}

/** Goes to a step of a slide (-1 is before the first), and tells what of it cannot be seen or read. */
export function lookAt({ id, step }: { id: string; step: number }): {
  overflows: string[]
  small: string[]
  dim: boolean
} {
  const slide = document.getElementById(id)!
  const { h, v } = deck.getIndices(slide)
  deck.slide(h, v, step)
  const scale = deck.getScale()
  const page = slide.getBoundingClientRect()
  const [body, heading, footer] = ['.body', 'h1, h2', 'footer'].map((it) =>
    slide.querySelector(it)!.getBoundingClientRect(),
  )
  // Half a pixel is the browser's rounding.
  const slack = 0.5 * scale
  const overflows: string[] = []
  const small: string[] = []

  const isAbove = heading!.bottom <= body!.top + slack
  if (!isAbove && heading!.top < body!.bottom - slack) overflows.push('the heading')
  const texts = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const { parentElement, textContent } = texts.currentNode
    if (!textContent?.trim() || parentElement!.closest('aside, title')) continue
    const range = document.createRange()
    range.selectNodeContents(texts.currentNode)
    const { left, right, bottom, width } = range.getBoundingClientRect()
    const floor = parentElement!.closest('.body') ? footer!.top : page.bottom
    if (width > 0 && (left < page.left - slack || right > page.right + slack || bottom > floor + slack))
      overflows.push(textContent.trim())

    const svg = parentElement!.closest('svg')
    const stretch = svg ? svg.getScreenCTM()!.a / scale : 1
    const px = Number.parseFloat(getComputedStyle(parentElement!).fontSize) * stretch
    if (px < (parentElement!.closest('pre, figcaption, code') ? 18 : 24) - 0.01)
      small.push(`${px.toFixed(1)} px: ${textContent.trim()}`)
  }
  for (const box of slide.querySelectorAll('.body > *, pre, svg, table')) {
    const { left, right, bottom } = box.getBoundingClientRect()
    const isWide = box.scrollWidth > box.clientWidth + 1 && box.tagName === 'PRE'
    if (isWide || left < page.left || right > page.right || bottom > footer!.top + slack)
      overflows.push(`<${box.tagName.toLowerCase()}>`)
  }

  const mark = slide.querySelector('.mark.current-fragment')
  const lit = [...(mark?.parentElement!.querySelectorAll('.line') ?? [])].filter(
    (line) => getComputedStyle(line).opacity === '1',
  )
  return { overflows: [...new Set(overflows)], small, dim: mark !== null && lit.length === 0 }
}
