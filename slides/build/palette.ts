/** Shiki's theme: dark on light for a projector, in the Lab's colours, which differ for every eye; weight says it too. */
export const palette = {
  name: 'fail-well',
  type: 'light' as const,
  fg: '#111111',
  bg: '#ffffff',
  settings: [
    { settings: { foreground: '#111111', background: '#ffffff' } },
    { scope: ['comment', 'punctuation.definition.comment'], settings: { foreground: '#4a5158', fontStyle: 'italic' } },
    {
      scope: ['keyword', 'storage', 'constant.language', 'variable.language', 'keyword.operator.new'],
      settings: { foreground: '#0060a0', fontStyle: 'bold' },
    },
    { scope: ['keyword.operator', 'storage.type.function.arrow'], settings: { foreground: '#111111', fontStyle: '' } },
    {
      scope: ['string', 'punctuation.definition.string', 'constant.other.symbol'],
      settings: { foreground: '#00694d' },
    },
    { scope: ['constant.numeric', 'string.regexp'], settings: { foreground: '#a84300' } },
    {
      scope: ['entity.name.type', 'support.type', 'support.class', 'entity.name.tag'],
      settings: { foreground: '#7a5200' },
    },
    { scope: ['entity.name.function', 'support.function'], settings: { foreground: '#111111', fontStyle: 'bold' } },
  ],
}
