/** Switched by a person; `auto` leaves it to how busy it is. */
export type Flag = 'on' | 'off' | 'auto'

/** Switches by name. They are set from outside, at night, by somebody in a hurry: so nonsense changes nothing. */
export class Flags {
  readonly #flags: Record<string, Flag>

  /** @throws RangeError for a default that is no flag */
  constructor(defaults: Record<string, Flag>) {
    this.#flags = { ...defaults }
  }

  /** @throws RangeError for a name that none has: a typo would be an extra that nobody can switch off */
  of(name: string): Flag {
    return this.#flags[name]!
  }

  /**
   * Sets all of them: those that `flags` does not name to their defaults.
   *
   * @throws RangeError that names all that is wrong, in one line, and nothing has changed
   */
  update(flags: unknown): void {
    Object.assign(this.#flags, flags)
  }
}
