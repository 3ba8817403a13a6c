import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { drawings, headOf } from './drawings.ts'
import { fileOf, svgOf } from './svg.ts'

const known = [...readFileSync(new URL('../colours.css', import.meta.url), 'utf8').matchAll(/--[\w-]+(?=:)/g)].map(
  String,
)

/** Its elements, opened and closed in order: all the XML that a drawing is made of. */
function unclosed(svg: string): string[] {
  const open: string[] = []
  for (const [, closes, name, empty] of svg.matchAll(/<(\/?)([\w-]+)(?:\s+[\w:-]+="[^"<]*")*\s*(\/?)>/g)) {
    if (closes) expect(open.pop(), svg).toBe(name)
    else if (!empty) open.push(name!)
  }
  return open
}

test.for(Object.entries(drawings))('%s is sound, of few colours, and says what it shows', ([name, drawing]) => {
  const svg = svgOf(drawing)
  expect(unclosed(svg), 'an element that is not closed').toEqual([])
  expect(svg.replaceAll(/<[^<>]*>/g, ''), 'text that is no word').toMatch(/^[\w\s.?€/]*$/)
  expect(svg, 'a number that is none').not.toMatch(/NaN|undefined|Infinity|\[object/)
  const colours = [...svg.matchAll(/(?:fill|stroke)="([^"]*)"/g)].map(([, colour]) => colour!)
  const foreign = colours.filter(
    (colour) => colour !== 'none' && !known.includes(/^var\((.*)\)$/.exec(colour)?.[1] ?? ''),
  )
  expect(foreign, 'colours are those of colours.css').toEqual([])
  expect(svg, 'two drawings on one page must not meet').not.toMatch(/\bid=|<style|url\(/)
  expect(drawing.alt.length, `${name} says too little of what is seen`).toBeGreaterThan(30)
})

test.for(Object.entries(drawings))('%s is a file by itself, with a title', ([, drawing]) => {
  const file = fileOf(drawing)
  expect(file).toContain(`<title>${drawing.alt}</title>`)
  expect(unclosed(file.replace(/<style>.*<\/style>/, ''))).toEqual([])
  const left = [...file.matchAll(/"var\((--[\w-]+)\)"/g)].map(([, name]) => name!)
  expect(
    left.filter((name) => !file.includes(`${name}:`)),
    'a colour that the file does not have',
  ).toEqual([])
})

test('a strip has a picture that stands for it', () => {
  const strips = Object.keys(drawings).filter((name) => /^\d\d$/.test(name))
  expect(strips.map((chapter) => drawings[headOf(chapter)!]?.alt.length)).not.toContain(undefined)
  expect(headOf('99')).toBeUndefined()
})

test('all of them together are small', () => {
  const bytes = Object.values(drawings).reduce((sum, drawing) => sum + svgOf(drawing).length, 0)
  expect(bytes / Object.keys(drawings).length, 'bytes, on average').toBeLessThan(20_000)
})
