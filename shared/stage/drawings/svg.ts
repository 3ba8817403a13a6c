import { readFileSync } from 'node:fs'
import type { Drawing } from './drawings.ts'
import { LINE, paint } from './ink.ts'

/** Where the files are that texts show. */
export const PICTURES = 'shared/stage/drawings/pictures'

const open = ({ width, height }: Drawing, more = '') =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}"${more} fill="none" stroke="${paint('black')}" ` +
  `stroke-width="${LINE}" stroke-linecap="round" stroke-linejoin="round" font-family="system-ui, sans-serif" ` +
  `font-weight="700" text-anchor="middle">`

/**
 * For a page that has colours.css, which turns them around in the dark, or does not. It has neither ids nor styles that
 * could meet those of the page; who puts it there says what it shows.
 */
export const svgOf = (drawing: Drawing): string => `${open(drawing)}${drawing.svg}</svg>`

const values = (file: string): Record<string, string> =>
  Object.fromEntries(
    [...readFileSync(new URL(file, import.meta.url), 'utf8').matchAll(/(--[\w-]+): ([^;]+);/g)].map(
      ([, name, value]) => [name, value],
    ),
  )
const light = values('../colours.css')
const dark = values('../colours-dark.css')

/** A file that stands for itself, in light and in dark surroundings, with a frame. */
export function fileOf(drawing: Drawing): string {
  const { width, height, alt, svg } = drawing
  const turning = Object.keys(dark).filter((name) => svg.includes(`var(${name})`))
  const styles = [light, dark].map((of) => `svg{${turning.map((name) => `${name}:${of[name]}`).join(';')}}`)
  const style = turning.length > 0 ? `<style>${styles[0]}@media(prefers-color-scheme:dark){${styles[1]}}</style>` : ''
  const frame = `<rect x="3" y="3" width="${width - LINE}" height="${height - LINE}" rx="2"/>`
  const whole = `${open(drawing, ` width="${width}" height="${height}" role="img"`)}<title>${alt}</title>${style}${svg}${frame}</svg>\n`
  return whole.replaceAll(/var\((--[\w-]+)\)/g, (it, name: string) => (turning.includes(name) ? it : light[name]!))
}
