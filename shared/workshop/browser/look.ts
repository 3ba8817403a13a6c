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
  pale: string[]
  dim: boolean
} {
  // Inside, as nothing but this function goes into the page.
  const isSeen = (element: Element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
  /** Red, green and blue from 0 to 1; undefined for what is transparent. */
  const colour = (css: string) => {
    const [red = 0, green = 0, blue = 0, alpha = 1] = css.match(/[\d.]+/g)!.map(Number)
    return alpha === 0 ? undefined : [red, green, blue].map((value) => value / 255)
  }
  const luminance = (css: string) => {
    const [red, green, blue] = colour(css)!.map((value) =>
      value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4,
    )
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
  }
  /** WCAG's, of a text and whatever is behind it. */
  const contrastOf = (element: Element) => {
    let behind: Element | null = element
    while (behind && !colour(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement
    const [light, dark] = [
      luminance(getComputedStyle(element).color),
      luminance(behind ? getComputedStyle(behind).backgroundColor : 'rgb(255, 255, 255)'),
    ].toSorted((a, b) => b - a)
    return (light! + 0.05) / (dark! + 0.05)
  }

  const slide = document.getElementById(id)!
  const { h, v } = deck.getIndices(slide)
  deck.slide(h, v, step)
  const scale = deck.getScale()
  const page = slide.getBoundingClientRect()
  const [heading, footer] = ['h1, h2', 'footer'].map((it) => slide.querySelector(it)!.getBoundingClientRect())
  // Half a pixel is the browser's rounding.
  const slack = 0.5 * scale
  const hasDrawing = slide.querySelector('.drawing') !== null
  const overflows: string[] = []
  const small: string[] = []
  const pale: string[] = []

  // Who stands on the ground of a page is where nothing is written, and may leave it to the side.
  const stage = ':is(.full, .cover) .drawing'
  for (const child of slide.querySelectorAll(`.body > :not(${stage})`)) {
    const { left, right, top, bottom } = child.getBoundingClientRect()
    const isBeside = heading!.right <= left + slack || right <= heading!.left + slack
    const isApart = heading!.bottom <= top + slack || bottom <= heading!.top + slack
    if (!isBeside && !isApart) overflows.push('the heading')
  }
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

    // Who is drawn stands beside what is written. (On a strip's ground there is nothing else to be seen.)
    const written = !hasDrawing || parentElement!.closest('.drawing, .strip, footer') ? [] : [...range.getClientRects()]
    const isDrawnOver = written.some(({ left, right, top, bottom }) => {
      for (let x = left; x < right; x += 8)
        for (const element of document.elementsFromPoint(x, (top + bottom) / 2))
          if (element.closest('.drawing svg')?.contains(element.parentElement)) return true
      return false
    })
    if (isDrawnOver) overflows.push(`${textContent.trim()} (somebody is drawn over it)`)

    const svg = parentElement!.closest('svg')
    const stretch = svg ? svg.getScreenCTM()!.a / scale : 1
    const px = Number.parseFloat(getComputedStyle(parentElement!).fontSize) * stretch
    if (px < (parentElement!.closest('pre') ? 28 : 24) - 0.01) small.push(`${px.toFixed(1)} px: ${textContent.trim()}`)
    if (!svg && isSeen(parentElement!)) {
      const contrast = contrastOf(parentElement!)
      // As WCAG has it for large letters; these are very large.
      if (contrast < (px < 60 ? 4.5 : 3)) pale.push(`${contrast.toFixed(1)}:1: ${textContent.trim()}`)
    }
  }
  for (const box of slide.querySelectorAll(`:is(.body > *, pre, svg, table):not(${stage}, ${stage} svg)`)) {
    const { left, right, bottom } = box.getBoundingClientRect()
    const isWide = box.scrollWidth > box.clientWidth + 1 && box.tagName === 'PRE'
    if (isWide || left < page.left || right > page.right || bottom > footer!.top + slack)
      overflows.push(`<${box.tagName.toLowerCase()}>`)
  }

  const mark = slide.querySelector('.mark.current-fragment')
  const lit = [...(mark?.parentElement!.querySelectorAll('.line') ?? [])].filter((line) =>
    colour(getComputedStyle(line).backgroundColor),
  )
  return { overflows: [...new Set(overflows)], small, pale, dim: mark !== null && lit.length === 0 }
}
