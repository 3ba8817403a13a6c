import { format } from '../gate/tools.ts'

/** Formats the files or folders named, or everything, as the gate wants to find it. */
export const run = async (args: string[]): Promise<void> => format(args)
