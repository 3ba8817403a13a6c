import { join } from 'node:path'
import { styleText } from 'node:util'
import type { InlineConfig, Plugin } from 'vite'
import { Findings } from '../../shared/workshop/gate/findings.ts'
import { Trouble } from '../../shared/workshop/trouble.ts'
import { readDeck, type Slide, type Source } from './deck.ts'
import { createRenderer } from './render.ts'

const here = join(import.meta.dirname, '../page')
export const packages = join(import.meta.dirname, '../../shared/maintainers/slides/node_modules')

/** @throws Trouble that names every slide with something missing, and its file */
export function soundDeck(source: Source): Slide[] {
  const findings = new Findings()
  const slides = readDeck(source, findings)
  const list = findings.failed.map(({ file, fix }) => `${styleText('red', '✗')} ${styleText('bold', file)} ${fix}`)
  if (list.length > 0) throw new Trouble(list.join('\n'))
  return slides
}

/** A chapter is a stack, so that the overview shows it as a column. */
async function renderDeck(source: Source): Promise<string> {
  const render = await createRenderer(source)
  const stacks = Map.groupBy(soundDeck(source), ({ file }) => file)
  return [...stacks.values()].map((slides) => `<section>${slides.map(render).join('\n')}</section>`).join('\n')
}

function deckPlugin(source: Source): Plugin {
  return {
    name: 'deck',
    enforce: 'pre',
    // As if the page lay beside what only presenters have.
    resolveId(id) {
      if (/^(reveal\.js|@fontsource-variable)\//.test(`${id}/`))
        return this.resolve(id, join(packages, 'page.ts'), { skipSelf: true })
    },
    transformIndexHtml: {
      order: 'pre',
      handler: async (html) => {
        const slides = await renderDeck(source)
        return html.replace('<!-- the deck -->', () => slides)
      },
    },
    configureServer({ watcher, ws }) {
      watcher.add(
        ['slides', 'exercises', 'solutions', 'shared/bench/results'].map((folder) => join(source.root, folder)),
      )
      watcher.on('change', (file) => /\.(md|svg|ts|json)$/.test(file) && ws.send({ type: 'full-reload' }))
    },
  }
}

export function slidesConfig(source: Source): InlineConfig {
  return {
    root: here,
    configFile: false,
    base: './',
    logLevel: 'warn',
    clearScreen: false,
    cacheDir: join(source.root, 'node_modules/.vite/slides'),
    plugins: [deckPlugin(source)],
    server: { host: '127.0.0.1', fs: { allow: [here, packages] } },
    build: { emptyOutDir: true, rolldownOptions: { checks: { pluginTimings: false } } },
  }
}
