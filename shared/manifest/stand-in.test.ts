import { expect, test } from 'vitest'
import { applyDiff, headerOf } from './stand-in.ts'

const text = 'one\ntwo\nthree\ntwo\n  four\n'

test.for([
  ['takes a line away', '@@\n one\n-two\n', 'one\nthree\ntwo\n  four\n'],
  ['puts one in another’s place, with its blanks', '@@\n-  four\n+  five\n', 'one\ntwo\nthree\ntwo\n  five\n'],
  ['adds one behind another', '@@\n three\n+  $& $1\n', 'one\ntwo\nthree\n  $& $1\ntwo\n  four\n'],
  ['does several', 'Mistake: none.\n\n@@\n-one\n+1\n@@\n-three\n+3\n', '1\ntwo\n3\ntwo\n  four\n'],
  ['takes no part of a line for the whole', '@@\n-three\n+3\n', 'one\ntwo\n3\ntwo\n  four\n'],
] as const)('%s', ([, diff, after]) => expect(applyDiff(text, diff)).toBe(after))

test('minds no newline at the end', () => expect(applyDiff('one\ntwo', '@@\n-two\n+2')).toBe('one\n2'))

test('refuses what stands nowhere, or more than once', () => {
  expect(() => applyDiff(text, '@@\n-thre\n+3\n')).toThrow('its lines from "thre" on stand there nowhere')
  expect(() => applyDiff(text, '@@\n-two\n+2\n')).toThrow('its lines from "two" on stand there more than once')
})

test('a header is the same, whether in a comment or in front of a diff', () => {
  const said = { mistake: 'adds.', replaces: 'sum.ts', killedBy: 'takes away' }
  const lines = ['Mistake: adds.', 'Replaces: sum.ts', 'Killed by: takes away']
  expect(headerOf('a.ts', `/**\n${lines.map((line) => ` * ${line}\n`).join('')} */\nexport {}\n`)).toEqual(said)
  expect(headerOf('a.diff', `${lines.join('\n')}\n\n@@\n-Mistake: none\n`)).toEqual(said)
  expect(headerOf('a.ts', 'export {}')).toEqual({ mistake: '', replaces: '', killedBy: '' })
})
