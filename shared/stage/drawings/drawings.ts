import { HEIGHT, LINE, WIDTH } from './ink.ts'
import { type Drawing, poses } from './poses.ts'
import { strips } from './strips.ts'

export type { Drawing } from './poses.ts'

const GAP = 12

/** Two above two, each as large as it would be alone. */
function strip(panels: Drawing[]): Drawing {
  const [width, height] = [2 * WIDTH + GAP, 2 * HEIGHT + GAP]
  const parts = panels.map(({ svg }, i) => {
    const [x, y] = [(i % 2) * (WIDTH + GAP), Math.floor(i / 2) * (HEIGHT + GAP)]
    // What sticks out of its picture is cut off by this element, without an id.
    return (
      `<svg x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}">${svg}` +
      `<rect x="3" y="3" width="${WIDTH - LINE}" height="${HEIGHT - LINE}" rx="2"/></svg>`
    )
  })
  return { alt: panels.map(({ alt }, i) => `${i + 1}: ${alt}.`).join(' '), width, height, svg: parts.join('') }
}

/** Whatever can be shown, by its name: poses; a chapter's strip, `01`; a picture of it, `01-1`. */
export const drawings: Record<string, Drawing> = {
  ...poses,
  ...Object.fromEntries(
    Object.entries(strips).flatMap(([chapter, panels]) => [
      [chapter, strip(panels)] as const,
      ...panels.map((panel, i) => [`${chapter}-${i + 1}`, panel] as const),
    ]),
  ),
}

/** Of a chapter's strip the picture that stands for all of it, where there is room for one only. */
const HEADS = ['01-2', '02-2', '03-3', '04-2', '05-2', '06-2', '07-2', '08-2', '09-2', '10-2', '11-3', '12-2']

/** @param chapter its number; without a strip there is none */
export const headOf = (chapter: string): string | undefined => HEADS.find((name) => name.startsWith(chapter))
