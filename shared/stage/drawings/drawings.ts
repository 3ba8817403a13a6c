import { type Drawing, poses } from './poses.ts'

export type { Drawing } from './poses.ts'

/** Whatever can be shown, by its name. */
export const drawings: Record<string, Drawing> = poses
