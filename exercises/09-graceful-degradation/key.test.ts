import { keyOf, normalise, type Question } from '#chapters/09-graceful-degradation/key.ts'
import { describe, expect, test } from 'vitest'

const key = (question: Question) => keyOf('swift', normalise(question))
const rome = { from: 'Rome', to: 'São Paulo', grams: 500 }

describe('Step 4: The same question', () => {
  test('has one key for one question, however it is typed', () => {
    const same: [string, Question][] = [
      ['blanks around it', { ...rome, from: '  Rome ' }],
      ['a tab and two spaces in between', { ...rome, to: 'São \t  Paulo' }],
      ['a space that does not break', { ...rome, to: 'São\u00a0Paulo' }],
      ['a letter and a tilde of its own', { ...rome, to: 'Sa\u0303o Paulo' }],
      ['another order', { grams: 500, to: 'São Paulo', from: 'Rome' }],
    ]
    for (const [what, question] of same)
      expect(key(question), `the key of the same question with ${what}`).toBe(key(rome))
  })

  test('has another key for another question', () => {
    expect(typeof keyOf('swift', { b: 1, a: 'x' })).toBe('string')
    const others: [string, string, string][] = [
      ['the way back', key(rome), key({ ...rome, from: rome.to, to: rome.from })],
      ['another weight', key(rome), key({ ...rome, grams: 501 })],
      ['another carrier', key(rome), keyOf('pigeon', normalise(rome))],
      ['lower case: carriers tell Rome from rome', key(rome), key({ ...rome, from: 'rome' })],
      ['no accent', key(rome), key({ ...rome, to: 'Sao Paulo' })],
      ['a sign that only looks alike', key({ ...rome, to: 'Henry IV' }), key({ ...rome, to: 'Henry Ⅳ' })],
      ['two words in one', key(rome), key({ ...rome, to: 'SãoPaulo' })],
      ['a text for a number', key(rome), key({ ...rome, grams: '500' })],
      ['other names', key({ from: 'Rome', to: 'Oslo' }), key({ from: 'Rome', via: 'Oslo' })],
      ['a sign that joins', keyOf('a|b', 'c'), keyOf('a', 'b|c')],
      ['another sign that joins', keyOf('a","b'), keyOf('a', 'b')],
      ['a comma', keyOf('a,b', 'c'), keyOf('a', 'b,c')],
      ['another number', keyOf('a', 1), keyOf('a', 2)],
      ['an empty part', keyOf('a', ''), keyOf('a')],
      ['a sign that joins, in a question', key({ from: 'a|b', to: 'c' }), key({ from: 'a', to: 'b|c' })],
      ['a part for a member', keyOf('a', { b: 1 }), keyOf('a', 'b', 1)],
      ['two questions for one', keyOf({ a: 1 }, { b: 2 }), keyOf({ a: 1, b: 2 })],
      ['a sign that names, in a question', key({ from: 'a', to: 'b' }), key({ from: 'a&to=b', to: '' })],
    ]
    for (const [what, one, other] of others) expect(one, `two keys, of which one is of ${what}`).not.toBe(other)
  })

  test('asks the question that it keeps, and nobody else’s', () => {
    const typed = { to: ' Sa\u0303o   Paulo', from: 'Rome', grams: 500 }
    expect(
      normalise(typed),
      'what is asked: or the answer to what one has mistyped is kept for all who have not',
    ).toEqual({ from: 'Rome', to: 'São Paulo', grams: 500 })
    expect(typed.to, 'what one was given is left as it is').toBe(' Sa\u0303o   Paulo')
    expect(normalise({ from: '', to: ' \n', grams: 0 })).toEqual({ from: '', to: '', grams: 0 })
  })
})
