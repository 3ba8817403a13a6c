import { inspect } from 'node:util'

/** Switched by a person; `auto` leaves it to how busy it is. */
export type Flag = 'on' | 'off' | 'auto'

/** In one line, however much of it there is. */
const shown = (value: unknown) => inspect(value, { breakLength: Infinity, compact: true })

const FLAGS: readonly unknown[] = ['on', 'off', 'auto'] satisfies Flag[]

/** Switches by name. They are set from outside, at night, by somebody in a hurry: so nonsense changes nothing. */
export class Flags {
  readonly #defaults: ReadonlyMap<string, Flag>
  #flags: ReadonlyMap<string, Flag>

  /** @throws RangeError for a default that is no flag */
  constructor(defaults: Record<string, Flag>) {
    this.#flags = this.#defaults = new Map(Object.entries(defaults))
    this.update(defaults)
  }

  /** @throws RangeError for a name that none has: a typo would be an extra that nobody can switch off */
  of(name: string): Flag {
    const flag = this.#flags.get(name)
    if (flag === undefined) throw new RangeError(`There is no flag ${inspect(name)}; there are ${this.#names}`)
    return flag
  }

  /**
   * Sets all of them: those that `flags` does not name to their defaults.
   *
   * @throws RangeError that names all that is wrong, in one line, and nothing has changed
   */
  update(flags: unknown): void {
    if (typeof flags !== 'object' || flags === null || Array.isArray(flags))
      throw new RangeError(`Flags must be an object such as {"name":"off"}; got ${shown(flags)}`)
    const given = Object.entries(flags)
    const wrong = given.flatMap(([name, flag]) => {
      if (!this.#defaults.has(name)) return [`${inspect(name)} is no flag; there are ${this.#names}`]
      return FLAGS.includes(flag) ? [] : [`${name} must be one of ${FLAGS.join(', ')}; got ${shown(flag)}`]
    })
    if (wrong.length > 0) throw new RangeError(wrong.join('; '))
    this.#flags = new Map([...this.#defaults, ...given])
  }

  get #names(): string {
    return [...this.#defaults.keys()].join(', ')
  }
}
