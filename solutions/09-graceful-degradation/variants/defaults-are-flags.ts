/**
 * Its defaults are its first flags, and are looked at by themselves.
 * Replaces: flags.ts
 */
/** Switched by a person; `auto` leaves it to how busy it is. */
export type Flag = 'on' | 'off' | 'auto'

/** Switches by name. They are set from outside, at night, by somebody in a hurry: so nonsense changes nothing. */
export class Flags {
  readonly #defaults: Map<string, Flag>
  #flags: Map<string, Flag>

  /** @throws RangeError for a default that is no flag */
  constructor(defaults: Record<string, Flag>) {
    this.#flags = new Map(Object.entries(defaults))
    this.#defaults = this.#flags
    const wrong = Object.entries(defaults).filter(([, flag]) => !isFlag(flag))
    if (wrong.length > 0)
      throw new RangeError(wrong.map(([name, flag]) => `${name} is ${JSON.stringify(flag)}`).join('; '))
  }

  /** @throws RangeError for a name that none has: a typo would be an extra that nobody can switch off */
  of(name: string): Flag {
    const flag = this.#flags.get(name)
    if (!flag) throw new RangeError(`There is no flag ${name}`)
    return flag
  }

  /**
   * Sets all of them: those that `flags` does not name to their defaults.
   *
   * @throws RangeError that names all that is wrong, in one line, and nothing has changed
   */
  update(flags: unknown): void {
    if (typeof flags !== 'object' || flags === null || Array.isArray(flags))
      throw new RangeError(`flags must be an object; got ${JSON.stringify(flags)}`)
    const entries = Object.entries(flags)
    const wrong = entries.flatMap(([name, flag]) => {
      if (!this.#defaults.has(name)) return `there is no flag ${name}, but ${[...this.#defaults.keys()].join(', ')}`
      return isFlag(flag) ? [] : `${name} must be on, off or auto; got ${JSON.stringify(flag)}`
    })
    if (wrong.length > 0) throw new RangeError(wrong.join('; '))
    this.#flags = new Map([...this.#defaults, ...entries])
  }
}

const isFlag = (flag: unknown) => flag === 'on' || flag === 'off' || flag === 'auto'
