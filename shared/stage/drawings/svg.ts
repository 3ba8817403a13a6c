import type { Drawing } from './drawings.ts'
import { LINE, paint } from './ink.ts'

/**
 * For a page that has colours.css, which turns them around in the dark, or does not. It has neither ids nor styles that
 * could meet those of the page; who puts it there says what it shows.
 */
export const svgOf = ({ width, height, svg }: Drawing): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" fill="none" stroke="${paint('black')}" ` +
  `stroke-width="${LINE}" stroke-linecap="round" stroke-linejoin="round" font-family="system-ui, sans-serif" ` +
  `font-weight="700" text-anchor="middle">${svg}</svg>`
