// In the browser: shows what the board has drawn, and tells it what was pressed.

const SILENT_MS = 5000
const live = document.querySelector('#live')
const stale = document.querySelector('#stale')
let source
let silence

function listen() {
  source?.close()
  source = new EventSource(document.body.dataset.source)
  source.addEventListener('message', ({ data }) => {
    // Every name in it is text by now (html.ts), and of a script in it the browser would run nothing.
    live.innerHTML = JSON.parse(data)
    heard()
  })
}

/** A browser gives up after some errors; we ask anew when nothing has come for a while. */
function heard() {
  stale.hidden = true
  clearTimeout(silence)
  silence = setTimeout(function onSilence() {
    stale.hidden = false
    listen()
    silence = setTimeout(onSilence, SILENT_MS)
  }, SILENT_MS)
}

async function command(order) {
  const refusal = document.querySelector('#refusal')
  refusal.textContent = ''
  try {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch('/control', { method: 'POST', headers, body: JSON.stringify(order) })
    if (!response.ok) refusal.textContent = (await response.json()).detail
  } catch {
    refusal.textContent = 'The board does not answer: is "npm run room" still running?'
  }
}

for (const button of document.querySelectorAll('[data-command]'))
  button.addEventListener('click', () => void command(JSON.parse(button.dataset.command)))

const form = document.querySelector('#exercise')
form?.addEventListener('submit', (event) => {
  event.preventDefault()
  const { chapter, minutes } = form.elements
  void command({ exercise: { chapter: chapter.value, minutes: Number(minutes.value) } })
})
form?.elements.chapter.addEventListener('change', ({ target }) => {
  form.elements.minutes.value = target.selectedOptions[0].dataset.minutes
})

heard()
listen()
