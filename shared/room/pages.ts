import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Chapter, minutesOf } from '../manifest/chapters.ts'
import { root } from '../manifest/target.ts'
import { drawings } from '../stage/drawings/drawings.ts'
import { fileOf } from '../stage/drawings/svg.ts'
import { clock, type Exercise, phaseOf } from './exercise.ts'
import { Html, html } from './html.ts'
import { type ChapterView, type StepView, type Stuck, STUCK_MS, written } from './view.ts'

/** What both of the views are drawn from. */
export interface Scene {
  /** The chapter in front. */
  view: ChapterView
  /** All of them, in the manifest's order. */
  all: ChapterView[]
  exercise?: Exercise
  /** What is typed to join, without the command. */
  address: string
  /** Of `Date.now()`. */
  now: number
}

const plural = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`

/** As wide as the share of those who have begun; a rule beyond it, so that an empty one is seen to be one. */
const bar = (count: number, begun: number) =>
  html`<svg class="bar" aria-hidden="true">
    <rect class="all" width="100%" height="100%" />
    <rect class="part" width="${(100 * count) / Math.max(1, begun)}%" height="100%" />
  </svg>`

/** For everybody to see: how many, and never who. */
export function projector(scene: Scene): Html {
  const { view, exercise, address, now } = scene
  const { chapter, here, begun, done, steps, half } = view
  const core = steps.filter(({ spare }) => !spare)
  const spare = steps.filter((step) => step.spare)
  return html`<header>
      <h1><b>${chapter.number}</b> ${chapter.title}</h1>
      ${clockOf(view, exercise, now)}
    </header>
    ${sayingOf(view, exercise, now)}
    <ol class="core">
      ${core.map((step) => row(step, view))}
    </ol>
    <ol class="spare" aria-label="Time to spare?">
      <li>to spare</li>
      ${spare.map((step) => column(step, view))}
    </ol>
    <ul class="sum">
      <li>${here === 0 ? 'Nobody has joined yet' : html`<b>${here}</b> here`}</li>
      <li>${half > 0 ? html`half of them have <b>${half} of ${core.length}</b> or more` : ''}</li>
      <li>${begun > 0 ? html`<b>${done}</b> done` : ''}</li>
      ${othersOf(scene)}
    </ul>
    <footer><code>npm run watch ${chapter.number}</code><code>npm run join ${address}</code></footer>`
}

function row({ number, title, green, at }: StepView, { begun, most }: ChapterView): Html {
  const isMost = most?.number === number
  return html`<li class="${isMost ? 'most' : ''}">
    <b>${number}</b><span class="title">${title}</span>${bar(green, begun)}<span class="count">${green}</span>
    <span class="here">${isMost ? `◀ ${at} here` : ''}</span>
  </li>`
}

const column = ({ number, title, green }: StepView, { begun }: ChapterView) =>
  html`<li title="${title}"><b>${number}</b>${bar(green, begun)}<span>${green}</span></li>`

/** How many are done with what is not in front. */
const othersOf = ({ view, all }: Scene) =>
  all
    .filter((other) => other !== view && other.begun > 0)
    .map(({ chapter, done, begun }) => html`<li class="other">${chapter.number} <b>${done}</b>/${begun}</li>`)

/** Of its own chapter only: it is about the room's work, and not about what is shown beside it. */
const running = ({ chapter }: ChapterView, exercise?: Exercise) =>
  exercise?.chapter === chapter.number ? exercise : undefined

function clockOf(view: ChapterView, exercise: Exercise | undefined, now: number): Html {
  const own = running(view, exercise)
  return own ? html`<p class="clock" role="timer">${clock(own, now)}</p>` : html``
}

/** What the room is told, when it is time to. */
function sayingOf(view: ChapterView, exercise: Exercise | undefined, now: number): Html {
  const own = running(view, exercise)
  const phase = own && phaseOf(own, now)
  if (!phase || phase === 'running') return html``
  return html`<p class="saying"><b>${phase === 'over' ? 'Time.' : 'Two minutes.'}</b> ${view.review}</p>`
}

const minutes = (ms: number) => `${Math.floor(ms / 60_000)} min`

/** For whoever stands in front: who needs a visit. */
export function instructor(scene: Scene, stuck: Stuck[]): Html {
  const { view, exercise, now } = scene
  const { chapter, here, begun, done } = view
  const own = running(view, exercise)
  const isTime = own && phaseOf(own, now) !== 'running'
  return html`<section class="state">
      <h2><b>${chapter.number}</b> ${chapter.title}</h2>
      ${clockOf(view, exercise, now)}
      <p class="review ${isTime ? 'lit' : ''}">${view.review}</p>
      <p>${here} here, ${begun} begun, ${done} with all core steps</p>
      <ol class="small">
        ${view.steps.map((step) => row(step, view))}
      </ol>
    </section>
    <section class="stuck">
      <h2>
        ${stuck.length === 0 ? 'Everybody has moved' : plural(stuck.length, 'has not moved', 'have not moved')} in the
        last ${STUCK_MS / 60_000} minutes
      </h2>
      ${stuck.length === 0 ? '' : stuckTable(stuck)}
      <ul class="others">
        ${othersOf(scene)}
      </ul>
    </section>`
}

const stuckTable = (stuck: Stuck[]) =>
  html`<table>
    <thead>
      <tr>
        <th>who</th>
        <th>for</th>
        <th>step</th>
        <th>red on</th>
        <th>hints</th>
      </tr>
    </thead>
    <tbody>
      ${stuck.map(
        ({ label, step, red, hints, quietMs }) =>
          html`<tr>
            <th><bdi>${label}</bdi></th>
            <td>${minutes(quietMs)}</td>
            <td>${step ? html`<b>${step.number}</b> ${step.title}` : 'has run no test of it'}</td>
            <td>${red ?? ''}</td>
            <td>${hints || ''}</td>
          </tr>`,
      )}
    </tbody>
  </table>`

const option = (chapter: Chapter, isSelected: boolean) =>
  html`<option value="${chapter.number}" data-minutes="${minutesOf(chapter)}" ${isSelected ? 'selected' : ''}>
    ${chapter.number} ${chapter.title}
  </option>`

/** What stays while the rest is drawn anew, or a button would be gone from under the finger. */
const controls = (chapter: string) =>
  html`<form id="exercise">
      <label
        >Chapter
        <select name="chapter">
          ${written.map((it) => option(it, it.number === chapter))}
        </select></label
      >
      <label
        >Minutes
        <input
          name="minutes"
          type="number"
          min="1"
          max="240"
          value="${minutesOf(written.find(({ number }) => number === chapter)!)}"
          required
      /></label>
      <button>Begin the exercise</button>
    </form>
    <p class="buttons">
      <button data-command='{"more":1}'>1 min more</button>
      <button data-command='{"more":-1}'>1 min less</button>
      <button data-command='{"end":true}'>End it</button>
    </p>
    <p id="refusal" role="status"></p>`

export const VIEWS = ['projector', 'instructor'] as const
export type ViewName = (typeof VIEWS)[number]

const TITLES: Record<ViewName, string> = { projector: 'The room', instructor: 'The room, for whoever stands in front' }

/**
 * The page around a view, which the view is put into once a second.
 *
 * @param chapter the only one that it is about; without it, the one that the room is at
 */
export function projectorPage(chapter?: string): string {
  return pageOf('projector', chapter ? `&chapter=${chapter}` : '')
}

/** @param chapter to be offered for the next exercise */
export function instructorPage(chapter: string): string {
  const nav = html`<nav>
    ${controls(chapter)}
    <p><a href="/projector" target="_blank">For the projector</a></p>
  </nav>`
  return pageOf('instructor', '', nav)
}

function pageOf(name: ViewName, more: string, nav = html``): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta name="color-scheme" content="light dark" />
        <title>${TITLES[name]} · Fail Well</title>
        <link rel="icon" href="/icon.svg" />
        <link rel="stylesheet" href="/style.css" />
        <script type="module" src="/page.mjs"></script>
      </head>
      <body class="${name}" data-source="/state?view=${name}${more}">
        <p id="stale" hidden>The board does not answer: this is how it was.</p>
        ${nav}
        <main id="live"></main>
        <noscript>The board is drawn once a second, and needs JavaScript for it.</noscript>
      </body>
    </html> `.text
}

const read = (...path: string[]) => readFileSync(join(root, 'shared', ...path), 'utf8')

/** The files that a page consists of, by their addresses. */
export const FILES: Record<string, [type: string, text: string]> = {
  '/style.css': [
    'text/css',
    read('stage', 'colours.css') + read('stage', 'colours-dark.css') + read('room', 'page', 'style.css'),
  ],
  '/page.mjs': ['text/javascript', read('room', 'page', 'page.mjs')],
  '/icon.svg': ['image/svg+xml', fileOf(drawings.delivering!)],
}
