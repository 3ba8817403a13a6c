import { script } from '../script.ts'

/** Parcel alone, on the solutions, configured by the environment. */
export const run = (args: string[]): Promise<void> => script('shared/service/main.ts', 'solutions', args)
