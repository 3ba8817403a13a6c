export interface Finding {
  /** Where to look, below the root. */
  file: string
  /** What is wrong and how to mend it, in a line. */
  fix: string
}

/** What the gate has looked at: every check counts, and only what fails says something. */
export class Findings {
  passed = 0
  readonly failed: Finding[] = []

  check(ok: boolean, file: string, fix: string): boolean {
    if (ok) this.passed++
    else this.failed.push({ file, fix })
    return ok
  }
}
