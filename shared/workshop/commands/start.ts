import { script } from '../script.ts'

/** Parcel on your code, with the carriers and some traffic. */
export const run = (args: string[]): Promise<void> => script('shared/service/start.ts', 'exercises', args)
