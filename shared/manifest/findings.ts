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
    this.add(ok ? undefined : { file, fix })
    return ok
  }

  /** A check that found something, or nothing. What is found twice (types, under each condition) is told once. */
  add(finding: Finding | undefined): void {
    if (!finding) this.passed++
    else if (!this.failed.some(({ file, fix }) => file === finding.file && fix === finding.fix))
      this.failed.push(finding)
  }
}
