import '@fontsource-variable/inter/wght.css'
import '@fontsource-variable/inconsolata/wght.css'
import 'reveal.js/reveal.css'
import './theme.css'
import Reveal from 'reveal.js'
import Notes from 'reveal.js/plugin/notes'
import { showLab } from './lab.ts'

const deck = new Reveal({
  width: 1280,
  height: 720,
  margin: 0,
  center: false,
  // One key for "next" through the whole of it; the overview still has a column for each chapter.
  navigationMode: 'linear',
  hash: true,
  controls: false,
  transition: 'none',
  backgroundTransition: 'none',
  // Each slide has its own minutes, but without this one the speaker's pace is not shown.
  defaultTiming: 60,
  // A page for each step.
  pdfSeparateFragments: true,
  plugins: [Notes],
})
// The printer waits for the one, the test for the other.
deck.on('pdf-ready', () => void (document.documentElement.dataset.printable = 'yes'))
await deck.initialize()
showLab(deck)
Object.assign(window, { deck })
