import type Reveal from 'reveal.js'

const LOOK_MS = 2_000
/** A machine that is busy with an incident may miss a question or two. */
const GONE_AFTER = 3

/**
 * Puts the Lab in the place of its still while the slide is shown, if it runs, and the board of the class in that of the
 * steps. Not on paper, and not in the speaker's window, which shows slides that the room does not see yet. Nothing here
 * tells them what to do.
 */
export function showLab(deck: InstanceType<typeof Reveal>): void {
  if (deck.isSpeakerNotes() || deck.getConfig().view === 'print') return
  let frame: HTMLIFrameElement | undefined

  const find = async ({ dataset }: HTMLElement): Promise<string | null> => (await fetch(dataset.from!)).json()

  async function show(): Promise<void> {
    frame?.remove()
    frame = undefined
    const slide = deck.getCurrentSlide()
    const place = deck.isOverview() ? undefined : slide.querySelector<HTMLElement>('.live')
    if (!place) return
    // Asked anew each time: it may have been started since. Without it nothing is fetched, so nothing fails.
    const address = await find(place)
    if (!address || frame || deck.isOverview() || deck.getCurrentSlide() !== slide) return
    frame = document.createElement('iframe')
    // The Lab shows the day of the chapter that is spoken of, and the board the chapter.
    const { day, chapter } = slide.dataset
    frame.src = `${address}?day=${day}&chapter=${chapter}`
    frame.title = place.dataset.title!
    place.append(frame)
  }
  deck.on('slidechanged', show)
  deck.on('overviewshown', show)
  deck.on('overviewhidden', show)
  void show()

  // Whoever ends it has the still again, and no empty page; whoever starts it while its slide is shown has it there.
  let missed = 0
  setInterval(async () => {
    if (!frame) return show()
    missed = (await find(frame.parentElement!)) ? 0 : missed + 1
    if (missed < GONE_AFTER) return
    missed = 0
    frame?.remove()
    frame = undefined
  }, LOOK_MS)

  // Whoever clicks in a frame has given it the keys. The deck hears of the pointer only where the frame is not.
  const mark = () => frame?.classList.toggle('has-keys', document.activeElement === frame)
  addEventListener('blur', mark)
  addEventListener('focus', mark)
  document.addEventListener('pointermove', () => {
    if (document.activeElement === frame) frame?.blur()
    mark()
  })
}
