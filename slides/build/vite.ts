import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { styleText } from 'node:util'
import type { Connect, InlineConfig, Plugin } from 'vite'
import { DECK, type Deck } from '../../shared/stage/deck.ts'
import { Findings } from '../../shared/manifest/findings.ts'
import { Trouble } from '../../shared/core/trouble.ts'
import { idOf, readDeck, type Slide, type Source } from './deck.ts'
import { findLab, findRoom, STILLS } from './lab.ts'
import { createRenderer } from './render.ts'
import { playlist } from './run-sheet.ts'

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
  const stacks: Slide[][] = []
  for (const slide of playlist(source, soundDeck(source)))
    if (stacks.at(-1)?.[0]!.file === slide.file) stacks.at(-1)!.push(slide)
    else stacks.push([slide])
  return stacks.map((slides) => `<section>${slides.map(render).join('\n')}</section>`).join('\n')
}

const answer = (response: ServerResponse, json: unknown) =>
  void response.setHeader('content-type', 'application/json').end(JSON.stringify(json))

/** Where the deck looks for what it shows alive. */
export interface LivePorts {
  lab: number
  board: number
}

/** What the deck and the Lab ask of the deck's server: whether it is the deck's, where the Lab is, and where the room's board. */
function answerBoth({ chapters }: Source, ports: LivePorts, { middlewares }: { middlewares: Connect.Server }): void {
  const covers = Object.fromEntries(chapters.map(({ number }) => [number, idOf(number, 0)]))
  middlewares.use('/deck.json', (_request, response) => answer(response, { deck: DECK, covers } satisfies Deck))
  middlewares.use('/lab.json', ({ headers }, response, next) => {
    findLab(ports.lab, `http://${headers.host}`).then((address) => answer(response, address), next)
  })
  middlewares.use('/room.json', ({ headers }, response, next) => {
    findRoom(ports.board, `http://${headers.host}`).then((address) => answer(response, address), next)
  })
}

function deckPlugin(source: Source, ports: LivePorts): Plugin {
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
    configurePreviewServer: (server) => answerBoth(source, ports, server),
    configureServer(server) {
      answerBoth(source, ports, server)
      const { watcher, ws } = server
      watcher.add(
        ['slides', 'exercises', 'solutions', 'shared/bench/results'].map((folder) => join(source.root, folder)),
      )
      watcher.on('change', (file) => /\.(md|svg|ts|diff|json)$/.test(file) && ws.send({ type: 'full-reload' }))
    },
  }
}

export function slidesConfig(source: Source, ports: LivePorts): InlineConfig {
  return {
    root: here,
    publicDir: join(source.root, STILLS),
    configFile: false,
    base: './',
    logLevel: 'warn',
    clearScreen: false,
    cacheDir: join(source.root, 'node_modules/.vite/slides'),
    plugins: [deckPlugin(source, ports)],
    server: { host: '127.0.0.1', fs: { allow: [here, packages] } },
    build: { emptyOutDir: true, rolldownOptions: { checks: { pluginTimings: false } } },
  }
}
