import { clearLine, cursorTo } from 'node:readline'
import type { WriteStream } from 'node:tty'
import { type Script, secondsOf } from '../stage/incidents/scripts.ts'

/** To start and to end the processes of an incident, on a machine that has nothing else to do. */
const OVERHEAD_S = 4
const BAR = 24
const REDRAW_MS = 250

/** How far the game day is: a bar on a terminal, a line for each phase elsewhere. */
export class Progress {
  readonly #out: WriteStream
  readonly #scripts: Script[]
  readonly #timer: NodeJS.Timeout | undefined
  #index = 0
  #phase = ''
  #startedAt = 0

  constructor(out: WriteStream, scripts: Script[]) {
    this.#out = out
    this.#scripts = scripts
    if (out.isTTY) this.#timer = setInterval(() => this.#draw(), REDRAW_MS).unref()
  }

  phase(index: number, phase: string): void {
    if (index !== this.#index || this.#phase === '') this.#startedAt = performance.now()
    this.#index = index
    this.#phase = phase
    if (this.#out.isTTY) this.#draw()
    else this.#out.write(`${this.#where()}\n`)
  }

  /** In the place of the bar, which comes again below it. */
  print(text: string): void {
    this.#wipe()
    this.#out.write(`${text}\n`)
  }

  end(): void {
    clearInterval(this.#timer)
    this.#wipe()
  }

  #where(): string {
    const { id, title } = this.#scripts[this.#index]!
    return `[${this.#index + 1}/${this.#scripts.length}] ${id} ${title}: ${this.#phase}`
  }

  #draw(): void {
    const lengths = this.#scripts.map((script) => secondsOf(script) + OVERHEAD_S)
    const elapsedS = Math.min(lengths[this.#index]!, (performance.now() - this.#startedAt) / 1000)
    const doneS = lengths.slice(0, this.#index).reduce((sum, each) => sum + each, elapsedS)
    const totalS = lengths.reduce((sum, each) => sum + each, 0)
    const full = Math.round((BAR * doneS) / totalS)
    this.#wipe()
    const bar = `${'█'.repeat(full)}${'░'.repeat(BAR - full)}`
    this.#out.write(`${bar} ${Math.ceil(totalS - doneS)} s  ${this.#where()}`.slice(0, this.#out.columns - 1))
  }

  #wipe(): void {
    if (!this.#out.isTTY) return
    cursorTo(this.#out, 0)
    clearLine(this.#out, 0)
  }
}
