import { script } from '../script.ts'

/** Puts this laptop on the board of a class; `--show` prints what is sent, `--leave` takes it off again. */
export const run = (args: string[]): Promise<void> => script('shared/room/join.ts', 'solutions', args)
