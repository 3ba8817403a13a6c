import { askJson } from '../stage/ask.ts'
import { type Deck, DECK } from '../stage/deck.ts'

/** The address of the deck, or of a chapter in it; undefined when the deck does not run at that port. */
export async function findSlides(port: number, chapter?: string, limitMs?: number): Promise<string | undefined> {
  const origin = `http://127.0.0.1:${port}`
  const { deck, covers } = ((await askJson(`${origin}/deck.json`, limitMs))?.json ?? {}) as Partial<Deck>
  if (deck !== DECK) return undefined
  const cover = chapter && covers?.[chapter]
  return cover ? `${origin}/#/${encodeURIComponent(cover)}` : `${origin}/`
}

/** What is there to read instead. */
export const withoutSlides = (port: number): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="color-scheme" content="light dark" />
    <title>No slides · Fail Well</title>
    <style>body { font: 1.5rem/1.5 system-ui, sans-serif; margin: 15vh auto; max-width: 34em; padding: 0 1em }</style>
  </head>
  <body>
    <h1>The slides are not running</h1>
    <p>Start them by <code>npm run slides</code>, in another terminal, and reload this page.</p>
    <p>They were looked for at http://127.0.0.1:${port}; are they at another port? <code>npm start -- --slides-port …</code></p>
  </body>
</html>
`
