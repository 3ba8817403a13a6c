import { script } from '../script.ts'

/** The board of a class; `-- --rehearse` with people who do not exist, `proof` what it must withstand. */
export async function run([part, ...args]: string[]): Promise<void> {
  if (part === 'proof') return script('shared/room/proof.ts', 'solutions', args)
  await script('shared/room/main.ts', 'solutions', part === undefined ? [] : [part, ...args])
}
